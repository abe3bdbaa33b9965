"""edgetran-worker --service runtime keeps docs/protocol.md, "Runtime", by itself and under the agent."""

import hashlib
import json
import os
import pathlib
import resource
import struct
import subprocess
import tempfile
import time
import unittest

import numpy as np
from safetensors.numpy import load_file, load, save, save_file

import edgetran_wire
from edgetran_wire import RemoteError

PROGRAMS = pathlib.Path(os.environ["EDGETRAN_BIN_DIR"])
BATCH, LENGTH = 2, 6
SPEC = {"vocabulary": 30, "positions": 12, "position": "absolute", "embedding": 16, "types": 2,
        "layers": [{"width": 16, "head_width": 8, "heads": ["sa_sdp", "l_dct"], "feed_forward": [24]},
                   {"width": 24, "head_width": 8, "heads": ["c_5"], "feed_forward": [16]}]}
SETTINGS = {"precision": "fp32", "threads": 1, "batch": BATCH, "length": LENGTH}
GOAL = {"runs": 1, "seconds": 0, "limit_s": 0, "least_runs": 1}


def inputs(seed=1):
    random = np.random.default_rng(seed)
    mask = np.ones((BATCH, LENGTH), np.int64)
    mask[1, 4:] = 0
    return {"input_ids": random.integers(0, 30, (BATCH, LENGTH)),
            "token_type_ids": random.integers(0, 2, (BATCH, LENGTH)), "attention_mask": mask}


class LibtorchRuntime(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        (cls.folder / "spec.json").write_text(json.dumps(SPEC))
        cls.model = cls.folder / "model"
        subprocess.run([PROGRAMS / "edgetran", "model", "init", cls.folder / "spec.json",
                        "--labels", "3", "--out", cls.model], check=True, capture_output=True)
        cls.packed = cls.pack(json.loads((cls.model / "model.json").read_text()))
        cls.worker = cls.enterClassContext(edgetran_wire.Process(
            [PROGRAMS / "edgetran-worker", "--service", "runtime"], service="runtime"))

    @classmethod
    def pack(cls, description, mask="true", form="edgetran.packed-model/1"):
        return save(load_file(cls.model / "model.safetensors"),
                    {"format": form, "model": json.dumps(description), "mask": mask})

    def load(self, blob=None, **changes):
        return self.worker.call("load", blob=self.packed if blob is None else blob,
                                **{**SETTINGS, **changes})

    def run_goal(self, **changes):
        reply = self.worker.call("run", **{**GOAL, **changes})
        blob = reply["blob"]
        return struct.unpack(f"<{len(blob) // 8}d", blob), reply["peak_memory_bytes"]

    def refused(self, category, words, work, *arguments, **fields):
        with self.assertRaises(RemoteError) as refusal:
            work(*arguments, **fields)
        self.assertEqual(refusal.exception.category, category, str(refusal.exception))
        self.assertIn(words, str(refusal.exception))

    def test_describes_itself(self):
        about = self.worker.call("describe")
        self.assertRegex(about["version"], r"^\d+\.\d+")
        self.assertEqual(about["devices"][0], "CPU")
        self.assertEqual(about["formats"], ["edgetran"])
        self.assertEqual(about["device_precisions"]["CPU"][0], "fp32")
        flags = pathlib.Path("/proc/cpuinfo").read_text().split()
        self.assertEqual("bf16" in about["device_precisions"]["CPU"], "avx512_bf16" in flags)

    def test_gives_the_logits_of_the_trainer(self):
        reply = self.load()
        self.assertEqual([item["name"] for item in reply["inputs"]],
                         ["input_ids", "token_type_ids", "attention_mask"])
        self.assertEqual(reply["inputs"][0]["shape"], [BATCH, LENGTH])
        self.assertEqual(reply["settings"]["threads"], 1)
        self.worker.call("set_inputs", blob=save(inputs()))
        self.run_goal()
        logits = load(self.worker.call("outputs")["blob"])["logits"]
        source, target = self.folder / "in.safetensors", self.folder / "out.safetensors"
        save_file(inputs(), source)
        with edgetran_wire.Process([PROGRAMS / "edgetran-worker", "--stdio"], service="train") as other:
            other.call("run", job={"kind": "infer", "model": str(self.model), "inputs": str(source),
                                   "outputs": str(target)})
        np.testing.assert_allclose(logits, load_file(target)["logits"], rtol=1e-5, atol=1e-6)

    def test_runs_as_often_and_as_long_as_asked(self):
        self.load()
        self.worker.call("set_inputs", blob=save(inputs()))
        begin = time.monotonic()
        seconds, memory = self.run_goal(runs=50)
        self.assertEqual(len(seconds), 50)
        self.assertLess(0, min(seconds))
        self.assertLessEqual(sum(seconds), time.monotonic() - begin)
        self.assertGreater(memory, 10_000_000)
        seconds, _ = self.run_goal(runs=1, seconds=0.2)
        self.assertGreater(len(seconds), 1)  # a run is far shorter
        seconds, _ = self.run_goal(runs=10 ** 9, limit_s=0.05, least_runs=3)
        self.assertGreaterEqual(len(seconds), 3)
        self.assertEqual(len(self.run_goal(runs=0)[0]), 1)

    def test_is_cancelled_between_two_inferences(self):
        command = [PROGRAMS / "edgetran-worker", "--stdio", "--service", "runtime"]
        with edgetran_wire.Process(command, service="runtime") as worker:
            worker.call("load", blob=self.packed, **SETTINGS)
            worker.call("set_inputs", blob=save(inputs()))
            worker._writer.write(edgetran_wire.encode_message(
                {"id": 900, "verb": "run", **GOAL, "runs": 10 ** 12}))
            worker._writer.write(edgetran_wire.encode_message(
                {"id": 901, "verb": "cancel", "target": 900}))
            worker._writer.flush()
            replies = {}
            while len(replies) < 2:
                message, _ = edgetran_wire.read_message(worker._reader)
                replies[message["id"]] = message
            self.assertEqual(replies[900]["error"]["category"], "interrupted")
            self.assertTrue(worker.call("describe")["version"])  # and the program lives

    def test_models_that_it_cannot_run(self):
        self.refused("corrupt", "", self.load, blob=b"no model")
        self.refused("corrupt", "format", self.load,
                     blob=save(load_file(self.model / "model.safetensors")))
        description = json.loads((self.model / "model.json").read_text())
        self.refused("usage", "edgetran.packed-model/9", self.load,
                     blob=self.pack(description, form="edgetran.packed-model/9"))
        wrong = json.loads(json.dumps(description))
        wrong["spec"]["vocabulary"] = 31
        self.refused("usage", "does not fit the model", self.load, blob=self.pack(wrong))
        wrong["spec"]["layers"][0]["heads"] = ["warp"]
        self.refused("usage", "warp", self.load, blob=self.pack(wrong))
        self.refused("usage", "12 positions", self.load, length=13)

    def test_deployments_that_it_cannot_keep(self):
        self.refused("device", "it finds CPU", self.load, accelerator="TPU")
        self.refused("device", "it offers fp32", self.load, precision="fp16")
        self.refused("usage", "threads", self.load, threads=0)

    def test_inputs_that_do_not_fit(self):
        def set_inputs(**changes):
            self.worker.call("set_inputs", blob=save({**inputs(), **changes}))

        self.load()
        self.refused("usage", "no inputs", self.worker.call, "run", **GOAL)
        self.refused("usage", "no input \"pixels\"", set_inputs, pixels=inputs()["input_ids"])
        self.refused("usage", "wants I64 [2, 6]", set_inputs, input_ids=np.ones((2, 5), np.int64))
        self.refused("usage", "input_ids[0, 0] is 30", set_inputs,
                     input_ids=np.full((BATCH, LENGTH), 30))
        partial = inputs()
        del partial["attention_mask"]
        self.refused("usage", "\"attention_mask\" is missing", self.worker.call, "set_inputs",
                     blob=save(partial))
        self.refused("corrupt", "", self.worker.call, "set_inputs", blob=b"none")

    def test_out_of_memory_is_a_resource_error_and_no_crash(self):
        spec = {**SPEC, "positions": 4096, "layers": [SPEC["layers"][0]]}
        (self.folder / "long.json").write_text(json.dumps(spec))
        model = self.folder / "long"
        subprocess.run([PROGRAMS / "edgetran", "model", "init", self.folder / "long.json",
                        "--labels", "2", "--out", model], check=True, capture_output=True)
        packed = save(load_file(model / "model.safetensors"), {
            "format": "edgetran.packed-model/1", "mask": "false",
            "model": (model / "model.json").read_text()})
        limit = 4 << 30
        with edgetran_wire.Process(
                [PROGRAMS / "edgetran-worker", "--service", "runtime"], service="runtime",
                preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) as worker:
            worker.call("load", blob=packed, **{**SETTINGS, "batch": 4096, "length": 4096})
            rows = np.zeros((4096, 4096), np.int64)
            self.refused("resource", "not enough memory", lambda: (
                worker.call("set_inputs", blob=save({"input_ids": rows, "token_type_ids": rows})),
                worker.call("run", **GOAL)))
            worker.call("load", blob=self.packed, **SETTINGS)

    def test_other_services_and_words_are_refused(self):
        with self.assertRaises(RemoteError):
            edgetran_wire.Process([PROGRAMS / "edgetran-worker", "--stdio"], service="runtime")
        for words in (["--service"], ["--service", "cook"], ["--service", "runtime", "--now"], []):
            done = subprocess.run([PROGRAMS / "edgetran-worker", *words], capture_output=True,
                                  stdin=subprocess.DEVNULL, check=False)
            self.assertEqual(done.returncode, 2, words)
            self.assertIn(b"usage", done.stderr)


class UnderTheAgent(unittest.TestCase):
    def test_the_agent_measures_it_like_any_runtime(self):
        LibtorchRuntime.setUpClass()
        self.addCleanup(LibtorchRuntime.doClassCleanups)
        packed = LibtorchRuntime.packed
        environment = dict(os.environ, XDG_RUNTIME_DIR=str(LibtorchRuntime.folder))
        with edgetran_wire.Process(
                [PROGRAMS / "edgetran-agent", "--stdio", "--runtime",
                 "libtorch=edgetran-worker --service runtime"], service="agent",
                env=environment) as agent:
            runtimes = {item["name"]: item for item in agent.call("capabilities")["runtimes"]}
            self.assertTrue(runtimes["libtorch"]["available"], runtimes["libtorch"]["reason"])
            self.assertEqual(runtimes["libtorch"]["formats"], ["edgetran"])
            self.assertEqual(runtimes["openvino"]["formats"], ["onnx"])
            agent.call("lease", seconds=60, exclusive=True)
            name = hashlib.sha256(packed).hexdigest()
            agent.call("put", blob=packed, sha256=name)
            record = agent.call("measure", mode="latency", model=name, runtime="libtorch",
                                profile="quick", vocabulary=30, seed=1, **SETTINGS)["record"]
            self.assertEqual(record["kind"], "measured")
            self.assertGreater(record["latency"]["n"], 20)
            self.assertGreater(record["latency"]["median_s"], 0)
            self.assertEqual(record["provenance"]["runtime"], "libtorch")


if __name__ == "__main__":
    unittest.main()
