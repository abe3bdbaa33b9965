"""The runner of document blocks runs what it should and notices what fails."""

import contextlib
import io
import pathlib
import tempfile
import unittest

import code_blocks


class CodeBlocks(unittest.TestCase):
    def run_text(self, text):
        """(exit status, output) of the runner on one document."""
        with tempfile.TemporaryDirectory() as folder:
            document = pathlib.Path(folder) / "page.md"
            document.write_text(text)
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = code_blocks.main(["--bin", folder, str(document)])
            return status, output.getvalue()

    def test_blocks_share_their_document_s_folder(self):
        status, output = self.run_text("```sh\necho 1 > a\n```\ntext\n```sh\ntest -f a\n```\n")
        self.assertEqual((status, output), (0, "2 blocks run, 0 marked not run, 0 failed\n"))

    def test_failing_block_is_reported_with_its_line_and_output(self):
        status, output = self.run_text("# Title\n\n```sh\necho words; false\n```\n")
        self.assertEqual(status, 1)
        self.assertIn("page.md:3: exit status 1, expected 0", output)
        self.assertIn("words", output)

    def test_failure_in_the_middle_of_a_block_counts(self):
        self.assertEqual(self.run_text("```sh\nfalse\ntrue\n```\n")[0], 1)

    def test_marked_block_is_not_run(self):
        status, output = self.run_text("<!-- not run: takes an hour -->\n```sh\nfalse\n```\n")
        self.assertEqual((status, output), (0, "0 blocks run, 1 marked not run, 0 failed\n"))

    def test_mark_holds_for_one_block_only(self):
        self.assertEqual(
            self.run_text("<!-- not run: x -->\n```sh\nfalse\n```\n\n```sh\nfalse\n```\n")[0], 1)

    def test_mark_further_up_does_not_hold(self):
        self.assertEqual(self.run_text("<!-- not run: x -->\nwords\n```sh\nfalse\n```\n")[0], 1)

    def test_expected_error_must_occur(self):
        self.assertEqual(self.run_text("<!-- exits: 3 -->\n```sh\nexit 3\n```\n")[0], 0)
        self.assertEqual(self.run_text("<!-- exits: 3 -->\n```sh\ntrue\n```\n")[0], 1)

    def test_python_runs_and_output_blocks_do_not(self):
        status, output = self.run_text("```python\nassert 1 + 1 == 3\n```\n```text\nfalse\n```\n")
        self.assertEqual(status, 1)
        self.assertIn("1 blocks run", output)

    def test_open_fence_is_an_error(self):
        with self.assertRaisesRegex(ValueError, "page.md:1"):
            self.run_text("```sh\ntrue\n")


if __name__ == "__main__":
    unittest.main()
