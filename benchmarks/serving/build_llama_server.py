"""Builds llama-server from the llama.cpp source inside llama-cpp-python's sdist, the version that Chip serves with.

    python -m benchmarks.serving.build_llama_server FOLDER [--jobs 2]

Prints its path; llama-bench and llama-batched-bench, which show what a machine can do at most, lie beside it. Takes 5
to 20 minutes on two cores. Needs cmake, a C++ compiler and the package index.
"""

import argparse
import subprocess
import sys
import tarfile
from importlib.metadata import version
from pathlib import Path

OPTIONS = ("-DCMAKE_BUILD_TYPE=Release", "-DGGML_NATIVE=ON", "-DLLAMA_CURL=OFF", "-DLLAMA_BUILD_UI=OFF")
TARGETS = ("llama-server", "llama-bench", "llama-batched-bench")


def build(folder: Path, jobs: int) -> Path:
    """Fetch, unpack and compile into the folder. Steps that are done already are not repeated."""
    binaries = folder / "build" / "bin"
    if all((binaries / target).exists() for target in TARGETS):
        return binaries / TARGETS[0]
    folder.mkdir(parents=True, exist_ok=True)
    source = _fetch_sources(folder)
    target = folder / "build"
    subprocess.run(["cmake", "-S", str(source), "-B", str(target), *OPTIONS], check=True)
    subprocess.run(["cmake", "--build", str(target), "--target", *TARGETS, "-j", str(jobs)], check=True)
    return binaries / TARGETS[0]


def _fetch_sources(folder: Path) -> Path:
    wanted = f"llama-cpp-python=={version('llama-cpp-python')}"
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--no-binary", "llama-cpp-python"]
    subprocess.run([*command, wanted, "-d", str(folder)], check=True)
    (archive,) = folder.glob("llama_cpp_python-*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / archive.name.removesuffix(".tar.gz") / "vendor" / "llama.cpp"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    arguments = parser.parse_args()
    print(build(arguments.folder, arguments.jobs))
