#!/usr/bin/env python3
"""What OpenVINO and ONNX Runtime make of an exported layer of each head type: the kinds of nodes that are
left after their own optimisation, counted.

    .venv/bin/python bench/compiled_graphs.py [--width 256] [--length 128] [--layers 2] [--bin build/bin]
"""

import argparse
import collections
import json
import pathlib
import subprocess
import tempfile

import onnx
import onnxruntime
import openvino

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = (("sa_sdp", "absolute", ()), ("sa_sdp", "absolute", ("--mask",)),
         ("sa_sdp", "absolute", ("--dynamic",)), ("sa_sdp", "relative_key", ()),
         ("sa_wma", "absolute", ()), ("l_dft", "absolute", ()), ("l_dct", "absolute", ()),
         ("c_5", "absolute", ()), ("c_9", "absolute", ("--mask",)))
QUIET = ("Const", "Input", "Output", "Result", "Parameter")


def openvino_kinds(path):
    model = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    kinds = collections.Counter()
    for node in model.get_runtime_model().get_ops():
        facts = node.get_rt_info()
        kinds[str(facts["layerType"].astype(str)) if "layerType" in facts else
              node.get_type_name()] += 1
    return {kind: count for kind, count in kinds.items() if kind not in QUIET}


def onnxruntime_kinds(path, scratch):
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath, options.log_severity_level = str(scratch), 3
    onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    return collections.Counter(node.op_type for node in onnx.load(scratch).graph.node)


def show(name, kinds):
    print(f"  {name:<13}" + ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "bin")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for head, position, flags in CASES:
            spec = {"vocabulary": 500, "positions": 512, "position": position, "types": 2,
                    "embedding": arguments.width,
                    "layers": [{"width": arguments.width, "head_width": 64,
                                "heads": [head] * (arguments.width // 64),
                                "feed_forward": [4 * arguments.width]}] * arguments.layers}
            (folder / "spec.json").write_text(json.dumps(spec))
            program = str(arguments.bin / "edgetran")
            for command in (["init", folder / "spec.json", "--labels", "2", "--out", folder / "model"],
                            ["export", folder / "model", "--to", "onnx", "--length",
                             arguments.length, "--out", folder / "model.onnx", *flags]):
                subprocess.run([program, "model", *map(str, command)], check=True,
                               capture_output=True)
            print(f"{head}, {position}{' ' + ' '.join(flags) if flags else ''}")
            show("OpenVINO", openvino_kinds(folder / "model.onnx"))
            show("ONNX Runtime", onnxruntime_kinds(folder / "model.onnx", folder / "optimised.onnx"))


if __name__ == "__main__":
    main()
