"""How the apps of ``app_snippets/`` start, and how they refuse to."""

import subprocess
import sys

import pytest

from course.paths import ROOT, Course
from tests.running_app import LEVELS, environment_for, run, start_command

APPS = list(LEVELS)


def test_every_snippet_is_tried_here():
    assert sorted(path.stem for path in Course().snippets.glob("*.py")) == sorted(APPS)


@pytest.mark.parametrize("name", APPS)
@pytest.mark.parametrize("key", [None, "", "x" * 31], ids=["no key", "empty key", "31 bytes"])
def test_refuses_to_start_without_a_good_key_and_says_how_to_make_one(name, key, tmp_path):
    done = run(start_command(name), environment_for(tmp_path, key))
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert f"JWT_SECRET_KEY has {len(key or '')} bytes" in done.stderr
    assert 'python -c "import secrets; print(secrets.token_hex(32))"' in done.stderr


@pytest.mark.parametrize("name", APPS)
def test_importing_the_file_does_nothing(name, tmp_path):
    code = f"import {name}; assert callable({name}.create_app)"
    environment = environment_for(tmp_path, None) | {
        "PYTHONPATH": str(ROOT / "app_snippets"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
