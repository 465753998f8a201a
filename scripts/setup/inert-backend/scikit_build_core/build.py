"""Stands in for the build backend that the llama-cpp-python source package names.

pip asks a source package's backend for its metadata even when it only downloads. This one answers without running
anything of the package, and spares the real backend's unpinned download.
"""
import os


def get_requires_for_build_wheel(config_settings=None):
    return []


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    version = os.environ["TUTTI_LLAMA_CPP_PYTHON_VERSION"]
    name = f"llama_cpp_python-{version}.dist-info"
    os.makedirs(os.path.join(metadata_directory, name))
    with open(os.path.join(metadata_directory, name, "METADATA"), "w") as file:
        file.write(f"Metadata-Version: 2.1\nName: llama-cpp-python\nVersion: {version}\n")
    return name
