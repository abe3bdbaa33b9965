"""Hostile models through OpenVINO: small files that ask for terabytes, and files that are none."""

import hashlib
import unittest

import listening
from listening import MIB, wait_for, wire

import onnx
from onnx import TensorProto, helper, numpy_helper

import numpy

LIMIT = 2 << 30
SETTINGS = {"mode": "latency", "runtime": "openvino", "precision": "fp32", "threads": 1,
            "batch": 1, "length": 16, "vocabulary": 100, "seed": 1}


def model_of(nodes, initializers=(), inputs=None, output="y"):
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])
    out = helper.make_tensor_value_info(output, TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", inputs or [ids], [out], list(initializers))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 14)])
    model.ir_version = 8
    return model.SerializeToString()


def constant(name, values, kind=numpy.int64):
    return numpy_helper.from_array(numpy.array(values, dtype=kind), name)


def shape_bomb(*shape):
    """ConstantOfShape: a kilobyte that unfolds into `shape` floats."""
    return model_of([helper.make_node("ConstantOfShape", ["s"], ["c"]),
                     helper.make_node("ReduceSum", ["c"], ["t"], keepdims=0),
                     helper.make_node("Cast", ["input_ids"], ["f"], to=TensorProto.FLOAT),
                     helper.make_node("Add", ["f", "t"], ["y"])],
                    [constant("s", shape)])


def tile_bomb(times):
    """Tile: every id that many times."""
    return model_of([helper.make_node("Cast", ["input_ids"], ["f"], to=TensorProto.FLOAT),
                     helper.make_node("Tile", ["f", "n"], ["y"])],
                    [constant("n", [1, times])])


def doubling_bomb(steps):
    """Each step joins its input with itself: 2^steps."""
    nodes = [helper.make_node("Cast", ["input_ids"], ["x0"], to=TensorProto.FLOAT)]
    for i in range(steps):
        nodes.append(helper.make_node("Concat", [f"x{i}", f"x{i}"], [f"x{i + 1}"], axis=1))
    nodes.append(helper.make_node("Identity", [f"x{steps}"], ["y"]))
    return model_of(nodes)


def lying_tensor():
    """An initializer of a petabyte without its bytes."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 25, 1 << 25])
    tensor.raw_data = b"\0" * 16
    return model_of([helper.make_node("Cast", ["input_ids"], ["f"], to=TensorProto.FLOAT),
                     helper.make_node("Add", ["f", "w"], ["y"])], [tensor])


def external_file(path):
    """An initializer that lies in a file of the board."""
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4],
                         data_location=TensorProto.EXTERNAL)
    for key, value in (("location", path), ("offset", "0"), ("length", "16")):
        tensor.external_data.add(key=key, value=value)
    return model_of([helper.make_node("Cast", ["input_ids"], ["f"], to=TensorProto.FLOAT),
                     helper.make_node("Add", ["f", "w"], ["y"])], [tensor])


class Models(listening.AgentCase):
    def attempt(self, agent, model, **more):
        """Sends the model and has it measured; the refusal, or what became of the session."""
        with agent.client() as client:
            client.call("lease", seconds=60)
            name = hashlib.sha256(model).hexdigest()
            (session,) = agent.sessions()
            try:
                client.call("put", blob=model, sha256=name)
                client.call("measure", **{**SETTINGS, "model": name, **more})
                outcome = "measured"
            except wire.RemoteError as error:
                outcome = f"{error.category}: {error}"
            except (wire.ProtocolError, OSError):
                outcome = "session ended"
            try:
                peak = listening.peak_bytes(session)
            except OSError:
                peak = 0
        wait_for(lambda: not listening.alive(session), "the session stays")
        wait_for(agent.lease_is_free, "the lease stays")
        print(f"{len(model)} bytes: {' '.join(outcome.split())[-200:]}; peak {peak / MIB:.0f} MiB", flush=True)
        self.assertLess(peak, LIMIT + 512 * MIB)
        return outcome

    def test_models_that_unfold_are_refused_within_the_limit(self):
        agent = self.start("--memory-limit", str(LIMIT))
        for name, model in (("4 TiB constant", shape_bomb(1 << 20, 1 << 20)),
                            ("40 GB constant", shape_bomb(10_000, 1_000_000)),
                            ("4 GB constant, which the machine may have", shape_bomb(1000, 1_000_000)),
                            ("overflowing constant", shape_bomb(1 << 40, 1 << 40)),
                            ("tile to 64 GB", tile_bomb(1 << 30)),
                            ("doubled to 256 GB", doubling_bomb(32)),
                            ("lying tensor", lying_tensor())):
            with self.subTest(name):
                self.assertLess(len(model), 10_000)
                self.assertNotEqual(self.attempt(agent, model), "measured")
        # The same models with modest numbers are none of these things.
        for model in (shape_bomb(10, 10), tile_bomb(3), doubling_bomb(2)):
            self.assertEqual(self.attempt(agent, model), "measured")
        self.assertTrue(listening.alive(agent.process.pid))
        self.assertLess(listening.peak_bytes(agent.process.pid), 32 * MIB)
        self.assert_serves(agent)

    def test_a_deployment_too_large_for_the_machine_is_refused(self):
        agent = self.start("--memory-limit", str(LIMIT))
        outcome = self.attempt(agent, tile_bomb(1), batch=4096, length=65536)
        self.assertNotEqual(outcome, "measured")
        self.assert_serves(agent)

    def test_a_model_cannot_read_the_board_s_files(self):
        agent = self.start("--memory-limit", str(LIMIT), working_folder=self.folder)
        secret = self.folder / "secret"
        secret.write_bytes(b"0123456789abcdef")
        # The last one lies in the agent's own working folder, where an engine would look.
        for path in (str(secret), "../../../../.." + str(secret), "/etc/passwd", "secret"):
            with self.subTest(path):
                self.assertIn("keeps tensors in files beside it",
                              self.attempt(agent, external_file(path)))
        secret.unlink()
        self.assert_serves(agent)

    def test_files_that_are_no_models_are_refused(self):
        agent = self.start("--memory-limit", str(LIMIT))
        whole = tile_bomb(1)
        onnx.load_from_string(whole)
        for model in (b"\0", b"noise" * 1000, whole[:-7], whole[:40], b"<?xml version='1.0'?>",
                      b"\x08" + b"\xff" * 200):
            with self.subTest(model[:20]):
                self.assertNotEqual(self.attempt(agent, model), "measured")
        self.assertEqual(self.attempt(agent, whole), "measured")
        self.assert_serves(agent)


if __name__ == "__main__":
    unittest.main()
