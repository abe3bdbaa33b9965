# The short names of everyday work; `make help` lists them. What is built is CMake's business.
JOBS ?= $(shell nproc)
PRESET ?= release
BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))

.DEFAULT_GOAL := help
.PHONY: help setup build test demo format check clean

help: ## list these targets
	@sed -nE 's/^([a-z]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: ## install what is missing (nothing when nothing is)
	@scripts/setup

# Configured once; later changes of CMake files are ninja's to notice.
$(BUILD)/build.ninja: | setup
	@cmake --preset $(PRESET)

build: setup $(BUILD)/build.ninja ## build everything into build/bin (PRESET=dev|asan|tsan|...: build-PRESET)
	@cmake --build $(BUILD) --parallel $(JOBS)

test: build ## build and run every test
	@ctest --test-dir $(BUILD) --parallel $(JOBS) --output-on-failure --no-tests=error \
	  --output-junit ctest.xml

demo: build ## find a model and a device setting on real text; writes build/demo/report.html
	@build/bin/edgetran demo --out build/demo \
	  --baseline ".venv/bin/python adapters/baselines/tfidf_logreg.py"

format: ## format our C++ files
	@scripts/format

check: setup $(BUILD)/build.ninja ## formatting, static analysis and layering
	@scripts/format --check
	@cmake --build $(BUILD) --parallel $(JOBS)
	@scripts/tidy $(BUILD)
	@python3 tests/layering/layering.py

clean: ## remove every build folder (installed packages, .venv and node_modules stay)
	@rm -rf build build-*
