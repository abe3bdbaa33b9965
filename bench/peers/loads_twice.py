"""ONNX Runtime's adapter, but every model is loaded twice: what loading costs must not show in the runs."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent.parent / "adapters/runtimes"))

import onnxruntime_runtime  # noqa: E402


class LoadsTwice(onnxruntime_runtime.Runtime):
    def load(self, call):
        super().load(call)
        return super().load(call)


if __name__ == "__main__":
    onnxruntime_runtime.main(LoadsTwice())
