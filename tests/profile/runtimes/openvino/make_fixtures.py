#!/usr/bin/env python3
"""Writes the ONNX files of fixtures/ that are wrong in one way each (mean_of_ids.onnx is sound).
They are in the repository; this says how they came to be:

    .venv/bin/python tests/profile/runtimes/openvino/make_fixtures.py
"""

import pathlib

from onnx import TensorProto, helper

FOLDER = pathlib.Path(__file__).resolve().parent / "fixtures"
FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64
TO_FLOAT = helper.make_node("Cast", ["input_ids"], ["x"], name="to_float", to=FLOAT)


def write(name, nodes, initializers=(), domains=()):
    graph = helper.make_graph(
        nodes, name, [helper.make_tensor_value_info("input_ids", INT64, ["batch", "length"])],
        [helper.make_tensor_value_info("logits", FLOAT, None)], list(initializers))
    opsets = [helper.make_opsetid("", 17)] + [helper.make_opsetid(domain, 1) for domain in domains]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=8)
    (FOLDER / f"{name}.onnx").write_bytes(model.SerializeToString())


def sizes(name, *values):
    return helper.make_tensor(name, INT64, [len(values)], values)


def main():
    # An operator of somebody's own.
    write("custom_operator", [TO_FLOAT, helper.make_node(
        "Warp", ["x"], ["logits"], name="layers.0/warp", domain="my.ops")], domains=["my.ops"])
    # One of ONNX's that OpenVINO does not implement, inside a sub-graph.
    branch = helper.make_graph([helper.make_node("Det", ["x"], ["d"], name="inner/det")], "branch",
                               [], [helper.make_tensor_value_info("d", FLOAT, None)])
    write("missing_operator", [TO_FLOAT, helper.make_node(
        "If", ["yes"], ["logits"], name="choose", then_branch=branch, else_branch=branch)],
        [helper.make_tensor("yes", TensorProto.BOOL, [], [True])])
    # A weight that fits a length of 7 only, which no input says.
    write("only_length_7", [TO_FLOAT, helper.make_node(
        "MatMul", ["x", "weight"], ["logits"], name="project")],
        [helper.make_tensor("weight", FLOAT, [7, 3], [0.5] * 21)])
    # A few hundred bytes that ask for 256 GiB: computed while compiling, and while running.
    write("huge_constant", [
        helper.make_node("ConstantOfShape", ["sizes"], ["huge"], name="fill",
                         value=helper.make_tensor("one", FLOAT, [1], [1.0])),
        helper.make_node("ReduceSum", ["huge"], ["sum"], name="sum", keepdims=0),
        TO_FLOAT, helper.make_node("Add", ["x", "sum"], ["logits"], name="add")],
        [sizes("sizes", 1 << 16, 1 << 20)])
    write("huge_expand", [
        TO_FLOAT, helper.make_node("ReduceSum", ["x"], ["sum"], name="first_sum", keepdims=1),
        helper.make_node("Expand", ["sum", "sizes"], ["huge"], name="expand"),
        helper.make_node("ReduceSum", ["huge"], ["logits"], name="sum", keepdims=0)],
        [sizes("sizes", 1 << 16, 1 << 20)])
    # More elements than 64 bits can count bytes of.
    write("uncountable", [
        TO_FLOAT, helper.make_node("ReduceSum", ["x"], ["sum"], name="first_sum", keepdims=1),
        helper.make_node("Expand", ["sum", "sizes"], ["huge"], name="expand"),
        helper.make_node("ReduceSum", ["huge"], ["logits"], name="sum", keepdims=0)],
        [sizes("sizes", 1 << 40, 1 << 22)])
    # Fits a machine, and not a process that may have little: 24 tensors of 16 MiB at once.
    parts = [f"part{i}" for i in range(24)]
    write("many_tensors", [
        TO_FLOAT, helper.make_node("ReduceSum", ["x"], ["sum"], name="first_sum", keepdims=1),
        helper.make_node("Expand", ["sum", "sizes"], ["wide"], name="expand")]
        + [helper.make_node("Pow", ["wide", f"power{i}"], [part], name=f"pow{i}")
           for i, part in enumerate(parts)]
        + [helper.make_node("Concat", parts, ["all"], name="concat", axis=0),
           helper.make_node("ReduceSum", ["all"], ["logits"], name="sum", keepdims=0)],
        [sizes("sizes", 1 << 11, 1 << 11)]
        + [helper.make_tensor(f"power{i}", FLOAT, [], [1 + i / 24]) for i in range(24)])
    # A tensor that is said to lie in a file of the machine.
    secret = TensorProto(dims=[1, 4], data_type=FLOAT, name="secret",
                         data_location=TensorProto.EXTERNAL)
    for key, value in {"location": "/etc/hostname", "offset": "0", "length": "16"}.items():
        entry = secret.external_data.add()
        entry.key, entry.value = key, value
    write("other_file", [TO_FLOAT, helper.make_node("Add", ["x", "secret"], ["logits"],
                                                    name="add")], [secret])


if __name__ == "__main__":
    main()
