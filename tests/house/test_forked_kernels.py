"""Forked kernels are kernels like any other: each with its own everything, and none outlives who wanted it."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from jupyter_client.manager import KernelManager, start_new_kernel

import forked_kernels
from course.paths import ROOT
from forked_kernels.provisioner import ForkedProcess, fork

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")
PATIENCE = 60  # seconds until a process that was told to end has ended, at the very most


class Kernel:
    """A kernel as tests need it: run code, and get what it printed."""

    def __init__(self, manager: KernelManager, client):
        self.manager = manager
        self.client = client
        self.process = manager.provisioner.process

    def say(self, code: str) -> str:
        said = []

        def note(message):
            if message["msg_type"] == "stream":
                said.append(message["content"]["text"])

        self.client.execute_interactive(code, timeout=PATIENCE, output_hook=note)
        return "".join(said).rstrip("\n")


@contextlib.contextmanager
def kernel(**options):
    manager, client = start_new_kernel(
        kernel_name="python3", extra_arguments=["--log-level=ERROR"], **options
    )
    try:
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def assert_gone(*pids: int) -> None:
    processes = [psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)]
    assert psutil.wait_procs(processes, timeout=PATIENCE)[1] == []


@linux_only
def test_two_kernels_have_one_parent_and_nothing_else_in_common(tmp_path):
    code = (
        "import os, random, tempfile, uuid\n"
        "print(os.getppid(), os.getpid(), random.random(), uuid.uuid4(), tempfile.mktemp(), os.getcwd(),"
        " os.environ['MINE'], os.environ.get('OTHER'), sep='\\n')"
    )
    said = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        environment = (
            os.environ | {"MINE": f"of {number}"} | ({"OTHER": "x"} if number == 1 else {})
        )
        with kernel(cwd=str(folder), env=environment) as started:
            assert isinstance(started.process, ForkedProcess)
            said.append(started.say(code).splitlines())
            assert said[-1][1] == str(started.process.pid)
    first, second = said
    assert first[0] == second[0]
    assert not set(first[1:5]) & set(second[1:5])
    assert first[5:] == [str(tmp_path / "1"), "of 1", "x"]
    assert second[5:] == [str(tmp_path / "2"), "of 2", "None"]


@linux_only
def test_kernel_begins_as_an_ordinary_one(monkeypatch):
    code = (
        "import os, signal, sys, time\n"
        "print(sys.argv[0], sys.path, sys.flags, sys.warnoptions, __name__, time.tzname, os.getcwd(), sys.executable,"
        " [name for name in ('course', 'matplotlib.pyplot', 'app_snippets') if name in sys.modules],"
        " os.getpgid(0) == os.getsid(0) == os.getpid(), signal.getsignal(signal.SIGCHLD), sep='\\n')"
    )
    zone = os.environ | {"TZ": "Asia/Kolkata"}
    with kernel(env=zone) as forked:
        assert isinstance(forked.process, ForkedProcess)
        said = forked.say(code)
    monkeypatch.delenv(forked_kernels.ADDRESS)
    with kernel(env=zone) as ordinary:
        assert isinstance(ordinary.process, subprocess.Popen)
        assert said == ordinary.say(code)
    assert "('IST', 'IST')" in said


@linux_only
def test_a_kernel_draws_where_an_ordinary_one_does(monkeypatch):
    """Although matplotlib was imported before it, and numpy without threads."""
    code = (
        "import matplotlib.pyplot as plt, numpy\n"
        "plt.plot([1, 2])\n"
        "print(plt.get_backend(), dict(plt.rcParams), sep='\\n')"
    )
    with kernel() as forked:
        assert isinstance(forked.process, ForkedProcess)
        said = forked.say(code)
    monkeypatch.delenv(forked_kernels.ADDRESS)
    with kernel() as ordinary:
        assert said == ordinary.say(code)
    assert "inline" in said


@linux_only
@pytest.mark.parametrize(
    ("code", "exit_code"),
    [
        ("os._exit(7)", 7),
        ("os._exit(0)", 0),
        ("os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
    ],
)
def test_death_is_noticed_with_its_exit_code(code, exit_code):
    with kernel() as started:
        started.client.execute(f"import os, signal; {code}")
        assert started.process.wait(PATIENCE) == started.process.poll() == exit_code
        assert not started.manager.is_alive()
        assert_gone(started.process.pid)


@linux_only
def test_waiting_ends_when_the_time_is_up():
    with kernel() as started:
        assert started.process.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            started.process.wait(0)


@linux_only
def test_interrupt_ends_an_endless_loop():
    with kernel() as started:
        loop = "print('running')\nwhile True: pass"
        # An error must not take along what is asked next.
        started.client.execute(loop, stop_on_error=False)
        while started.client.get_iopub_msg(timeout=PATIENCE)["msg_type"] != "stream":
            pass
        started.manager.interrupt_kernel()
        answer = started.client.get_shell_msg(timeout=PATIENCE)
        assert answer["content"]["ename"] == "KeyboardInterrupt"
        assert started.say("print('still here')") == "still here"


@linux_only
@pytest.mark.parametrize("name", ["PYTHONPATH", "PYTHONHASHSEED", "LC_ALL", "HOME"])
def test_environment_that_python_reads_at_its_start_gets_an_ordinary_start(tmp_path, name):
    value = "1" if name == "PYTHONHASHSEED" else str(tmp_path)
    with kernel(env=os.environ | {name: value}) as started:
        assert isinstance(started.process, subprocess.Popen)
        assert started.say(f"import os; print(os.environ[{name!r}])") == value


@linux_only
@pytest.mark.parametrize(
    ("command", "options"),
    [
        (["/another/python", "-m", "ipykernel_launcher"], {}),
        ([sys.executable, "-m", "another_kernel"], {}),
        ([sys.executable, "-m", "ipykernel_launcher"], {"stderr": subprocess.PIPE}),
        ([sys.executable, "-m", "ipykernel_launcher"], {"stdin": subprocess.DEVNULL}),
        ([sys.executable, "-m", "ipykernel_launcher"], {"preexec_fn": print}),
        ([sys.executable, "-m", "ipykernel_launcher"], {"cwd": "/no/such/folder"}),
    ],
    ids=str,
)
def test_what_a_fork_cannot_give_is_not_forked(command, options):
    assert fork(command, **options) is None


@pytest.fixture
def own_nursery(monkeypatch):
    """A nursery of the test's own, which may be harmed."""
    for name in (forked_kernels.CHOICE, forked_kernels.ADDRESS):
        monkeypatch.delenv(name, raising=False)
    nursery = forked_kernels.open_nursery(with_libraries=False)
    yield nursery
    nursery.close()


@linux_only
def test_closed_nursery_leaves_nothing(own_nursery):
    address = Path(os.environ[forked_kernels.ADDRESS])
    with kernel() as started:
        assert isinstance(started.process, ForkedProcess)
        own_nursery.close()
        assert started.process.wait(PATIENCE) == -signal.SIGKILL
        assert_gone(started.process.pid, own_nursery.pid)
    assert not address.parent.exists()
    assert not {forked_kernels.CHOICE, forked_kernels.ADDRESS} & set(os.environ)


@linux_only
def test_dead_nursery_is_done_without(own_nursery):
    with kernel() as forked:
        os.kill(own_nursery.pid, signal.SIGKILL)
        assert forked.process.wait(PATIENCE) == -signal.SIGKILL
        with kernel() as ordinary:
            assert isinstance(ordinary.process, subprocess.Popen)
            assert ordinary.say("print(1)") == "1"


@linux_only
def test_kernel_ends_with_the_process_that_wanted_it():
    code = (
        "import os; from jupyter_client.manager import start_new_kernel\n"
        "manager, _ = start_new_kernel(kernel_name='python3', extra_arguments=['--log-level=ERROR'])\n"
        "print(type(manager.provisioner.process).__name__, manager.provisioner.pid, flush=True)\n"
        "os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=PATIENCE
    )
    kind, pid = done.stdout.split()
    assert kind == "ForkedProcess"
    assert_gone(int(pid))


@linux_only
def test_nursery_and_kernels_end_with_an_owner_that_is_killed():
    code = (
        "import forked_kernels, sys; from jupyter_client.manager import start_new_kernel\n"
        "nursery = forked_kernels.open_nursery(with_libraries=False)\n"
        "manager, _ = start_new_kernel(kernel_name='python3', extra_arguments=['--log-level=ERROR'])\n"
        "print(nursery.pid, manager.provisioner.pid, flush=True)\n"
        "sys.stdin.read()"
    )
    ours = {forked_kernels.CHOICE, forked_kernels.ADDRESS}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    ) as owner:  # fmt: skip
        pids = [int(pid) for pid in owner.stdout.readline().split()]
        assert len(pids) == 2
        owner.kill()
    assert_gone(*pids)


def test_nobody_is_overruled_and_other_systems_go_without(monkeypatch):
    monkeypatch.setenv(forked_kernels.CHOICE, "local-provisioner")
    assert forked_kernels.open_nursery() is None
    monkeypatch.delenv(forked_kernels.CHOICE)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert forked_kernels.open_nursery() is None
    with forked_kernels.forked_kernels():
        assert forked_kernels.CHOICE not in os.environ


@linux_only
def test_without_an_installed_entry_point_kernels_start_as_ever(monkeypatch):
    monkeypatch.delenv(forked_kernels.CHOICE)
    monkeypatch.setattr(forked_kernels, "PROVISIONER", "not-installed")
    assert forked_kernels.open_nursery() is None


@linux_only
def test_these_tests_use_it():
    assert os.environ[forked_kernels.CHOICE] == forked_kernels.PROVISIONER
    with kernel() as started:
        assert isinstance(started.process, ForkedProcess)
        assert started.say("import sys; print('flask_smorest' in sys.modules)") == "True"
