"""A notebook that nbval would let through must fail the session: run on tiny notebooks, with the real settings."""

import subprocess
import sys

import nbformat
import pytest

from course.paths import ROOT


def run_pytest_on(
    tmp_path, source: str, outputs: list | None = None, *options: str
) -> subprocess.CompletedProcess:
    first = nbformat.v4.new_code_cell(source, execution_count=1, outputs=outputs or [])
    second = nbformat.v4.new_code_cell("x = 1", execution_count=2)
    notebook = nbformat.v4.new_notebook(
        cells=[first, second], metadata={"kernelspec": {"name": "python3", "display_name": "x"}}
    )
    nbformat.write(notebook, tmp_path / "tiny.ipynb")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:schemathesis", "-n0", "-c", str(ROOT / "pyproject.toml"),
               f"--rootdir={ROOT}", *options, "-p", "conftest", str(tmp_path / "tiny.ipynb")]  # fmt: skip
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120
    )


def stream(text: str) -> list:
    return [nbformat.v4.new_output("stream", name="stdout", text=text)]


def test_matching_output_passes(tmp_path):
    assert run_pytest_on(tmp_path, "print(1)", stream("1\n")).returncode == 0


@pytest.mark.parametrize("outputs", [stream("2\n"), []], ids=["another output", "no output stored"])
def test_other_output_fails(tmp_path, outputs):
    assert run_pytest_on(tmp_path, "print(1)", outputs).returncode == 1


def test_cell_that_runs_out_of_time_fails(tmp_path):
    done = run_pytest_on(tmp_path, "import time\ntime.sleep(30)", None, "--nbval-cell-timeout=1")
    assert "did not finish" in done.stdout and done.returncode == 1, done.stdout


def test_no_test_pays_for_the_grammar_of_iris():
    """It costs each process 1.5 s of CPU; nbval and others would import it before any test runs."""
    assert sys.modules["rfc3987_syntax"] is None
