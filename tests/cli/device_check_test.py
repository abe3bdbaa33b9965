"""`edgetran device check`: what it says of boards, and its exit codes."""

import json
import pathlib
import tempfile
import unittest

from program import edgetran

DEVICE, USAGE = 4, 2

CARD = """format: edgetran.device/1
board:
  name: here
  kind: local
  cores: 1
{board}deployments:
  - {{name: one, runtime: {runtime}, precision: fp32, threads: 1, batch: 1, length: 8}}
"""


class DeviceCheck(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def check(self, text, *arguments):
        (self.folder / "card.yaml").write_text(text, encoding="utf-8")
        return edgetran("device", "check", "card.yaml", *arguments, folder=self.folder)

    def test_a_board_that_is_as_its_card_says(self):
        done = self.check((pathlib.Path(__file__).parents[2] / "devices" / "simulated-board.yaml")
                          .read_text(encoding="utf-8"), "--format", "json")
        self.assertEqual(done.returncode, 0, done.stderr)
        data = json.loads(done.stdout)
        self.assertTrue(data["usable"])
        self.assertEqual(data["agent"]["service"], "agent")
        self.assertIn("deployment cpu-1t-fp32", [line["item"] for line in data["checks"]])

    def test_a_runtime_that_does_not_start_is_named_and_ends_with_4(self):
        card = CARD.format(board="  runtimes: {mine: /nowhere/program}\n", runtime="mine")
        done = self.check(card)
        self.assertEqual(done.returncode, DEVICE, done.stdout + done.stderr)
        self.assertIn("missing  deployment one", done.stdout)
        self.assertIn("fix:", done.stdout)

    def test_a_wrong_card_is_a_usage_error_with_its_place(self):
        done = self.check(CARD.format(board="  sensors: [{driver: ina129}]\n", runtime="openvino"))
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("card.yaml:6:", done.stderr)
        self.assertIn("ina219", done.stderr)

    def test_a_board_that_cannot_be_reached_ends_with_4_and_what_to_do(self):
        ssh = ("  ssh: {host: 127.0.0.1, port: 9, host_key: ssh-ed25519 "
               "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl}\n")
        done = self.check(CARD.format(board=ssh, runtime="openvino")
                          .replace("kind: local", "kind: ssh"))
        self.assertEqual(done.returncode, DEVICE, done.stdout + done.stderr)
        self.assertIn("127.0.0.1:9", done.stderr)

    def test_the_list_shows_every_kind(self):
        (self.folder / "cards").mkdir()
        (self.folder / "cards" / "a.yaml").write_text(
            CARD.format(board="  ssh: {host: pi, known_hosts: f}\n", runtime="openvino")
            .replace("kind: local", "kind: ssh"), encoding="utf-8")
        done = edgetran("device", "list", "--folder", "cards", "--format", "json",
                        folder=self.folder)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual([row["kind"] for row in json.loads(done.stdout)], ["ssh"])


if __name__ == "__main__":
    unittest.main()
