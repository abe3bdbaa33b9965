"""OpenVINO's own timing of one model, in short stretches (bench/measuring.py, openvino_timing.py).

    openvino_slices.py MODEL.onnx THREADS VOCABULARY

The time of a run is `latency` of its inference request, which the library takes in C++ around infer(). Each
line "SECONDS ..." is answered by {"seconds"}: so many seconds of runs, after three that are not timed.
"""

import json
import sys
import time

import numpy
import openvino

UNTIMED = 3


def load(path, threads, vocabulary):
    model = openvino.Core().compile_model(path, "CPU", {
        "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32", "NUM_STREAMS": 1,
        "PERFORMANCE_HINT": "LATENCY", "ENABLE_CPU_PINNING": False})
    request = model.create_infer_request()
    for port in model.inputs:
        tensor = request.get_tensor(port)
        random = numpy.random.default_rng(1)
        tensor.data[:] = (random.integers(0, vocabulary, tensor.shape) if port.any_name == "input_ids"
                          else port.any_name == "attention_mask")
    return request


def runs(request, seconds):
    for _ in range(UNTIMED):
        request.infer()
    times, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        request.infer()
        times.append(request.latency * 1e-3)
    return times


def main():
    request = load(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps({"load_s": None}), flush=True)
    for line in sys.stdin:
        print(json.dumps({"seconds": runs(request, float(line.split()[0]))}), flush=True)


if __name__ == "__main__":
    main()
