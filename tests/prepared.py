"""Command lines in processes that have imported the program already: a fork of one that is kept for that.

Starting Python and importing costs ten times what most commands do. What is run is the same: a process of its own, with
its own folder, environment, streams and exit status, which goes through `node.__main__` and ends as Python ends. Where
the environment changes Python itself, or the start is what is tested, a new interpreter is started instead.

As a program, this is the process that is kept: `python tests/prepared.py SOCKET`.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("node", "anchoring", "did_methods")
LEFT_OUT = ("__main__", "migrations", "judging.process")
LATER = ("eth", "zxingcpp")
"""Libraries that do something to the whole process when they are imported: the command that needs them does it."""
MOST = 1 << 20
KEPT: list["Kept"] = []
ONE_AT_A_TIME = threading.Lock()


class Kept:
    """The process that is kept, as long as this one."""

    def __init__(self, environment):
        self._folder = tempfile.TemporaryDirectory(prefix="glejt-")
        self._path = f"{self._folder.name}/s"
        self._owner = os.getpid()
        said, saying = os.pipe()
        self._process = subprocess.Popen(  # noqa: S603 -- this file
            [sys.executable, os.fspath(Path(__file__)), self._path, str(saying), str(self._owner)],
            env=environment,
            stdin=subprocess.DEVNULL,
            pass_fds=[saying],
        )
        os.close(saying)
        with os.fdopen(said, "rb") as ready:
            if ready.read(1) != b"+":
                raise RuntimeError("the process from which command lines are forked did not start")

    def start(self, arguments, folder, environment, streams, *, session=False):
        """A command line on its way, in a session of its own or not; `streams`: input, output and errors."""
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.connect(self._path)
        message = json.dumps([arguments, os.fspath(folder), environment, session]).encode()
        socket.send_fds(line, [len(message).to_bytes(4)], streams)
        line.sendall(message)
        return Running(line)

    def end(self):
        if os.getpid() == self._owner:
            self._process.kill()
            self._process.wait()
            self._folder.cleanup()


class Running:
    """A command line on its way, with what is asked of a process."""

    stdout = stderr = None
    returncode = None

    def __init__(self, line):
        self._line = line
        self.pid = int.from_bytes(self._line.recv(4, socket.MSG_WAITALL))

    def poll(self):
        """Its exit status, as subprocess gives it; None while it runs."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout=None):
        """Its exit status; raises TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                self.returncode = int.from_bytes(self._line.recv(4, socket.MSG_WAITALL), signed=True)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired(str(self.pid), timeout) from error
            self._line.close()
        return self.returncode

    def send_signal(self, number):
        """A signal for it, unless it has ended."""
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self):
        """End it, whatever it does."""
        self.send_signal(signal.SIGKILL)


def started(arguments, folder, environment):
    """A command line in a session of its own, whose output and errors are read as it goes on."""
    ends = [os.pipe(), os.pipe()]
    with Path(os.devnull).open("rb") as nothing:
        streams = [nothing.fileno(), *(writing for _, writing in ends)]
        running = prepared(environment).start(arguments, folder, environment, streams, session=True)
    for _, writing in ends:
        os.close(writing)
    running.stdout, running.stderr = [os.fdopen(reading, encoding="utf-8") for reading, _ in ends]
    return running


def prepared(environment):
    """The process that is kept for this one."""
    with ONE_AT_A_TIME:
        if not KEPT or KEPT[0]._owner != os.getpid():
            KEPT[:] = [Kept(environment)]
            atexit.register(KEPT[0].end)
        return KEPT[0]


def run(arguments, folder, environment, data, seconds):
    """A command line that has ended: its exit status, and what it wrote."""
    with contextlib.ExitStack() as stack:
        streams = [os.memfd_create(name) for name in ("in", "out", "err")]
        for stream in streams:
            stack.callback(os.close, stream)
        if len(data) <= select.PIPE_BUF:
            reading, writing = os.pipe()
            os.write(writing, data)
            os.close(writing)
            os.dup2(reading, streams[0], inheritable=False)
            os.close(reading)
        else:
            with open(streams[0], "wb", closefd=False) as file:
                file.write(data)
            os.lseek(streams[0], 0, os.SEEK_SET)
        running = prepared(environment).start(arguments, folder, environment, streams)
        try:
            status = running.wait(seconds)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
            raise
        return status, *(_whole(stream) for stream in streams[1:])


def _whole(stream):
    with open(stream, "rb", closefd=False) as file:
        file.seek(0)
        return file.read()


def changes_python(environment):
    """Whether a variable means something to the interpreter or to the C library, which have started already."""
    for name, value in environment.items():
        if name.startswith(("PYTHON", "LC_", "LD_", "MALLOC")) or (name == "LANG" and not value.endswith(".UTF-8")):
            return True
    return False


def _import_all():
    sys.modules.update(dict.fromkeys(LATER))
    for name in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            if not any(part in module.name for part in LEFT_OUT):
                with contextlib.suppress(ImportError):  # of what is not installed; who runs it is told
                    importlib.import_module(module.name)
    for name in LATER:
        del sys.modules[name]


def _asked(server):
    """The next command line, in a process of its own; this one goes on for ever."""
    while True:
        line, _ = server.accept()
        if os.fork():
            line.close()
            continue
        server.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        length, streams, _, _ = socket.recv_fds(line, 4, 3)
        data = line.recv(int.from_bytes(length), socket.MSG_WAITALL)
        if pid := os.fork():  # one process waits for the other: who has asked is no parent of it
            for stream in streams:
                os.close(stream)
            with contextlib.suppress(OSError):
                line.sendall(pid.to_bytes(4))
                line.sendall(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]).to_bytes(4, signed=True))
            os._exit(0)
        line.close()
        return json.loads(data), streams


def _end(status):
    """As Python ends, short of taking all modules apart."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            status = 120
    os._exit(status)


def _become(asked, streams):
    arguments, folder, environment, session = asked
    if session:
        os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    old = sys.stdin, sys.stdout, sys.stderr
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    opened = []
    for number, before in enumerate(old):
        raw = io.FileIO(number, "wb" if number else "rb", closefd=False)
        buffered = io.BufferedWriter(raw) if number else io.BufferedReader(raw)
        line = number == 2 or raw.isatty()
        opened.append(io.TextIOWrapper(buffered, before.encoding, before.errors, line_buffering=line))
    for name, stream in zip(("stdin", "stdout", "stderr"), opened, strict=True):
        stream.mode = "w" if name != "stdin" else "r"
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = [os.fspath(ROOT / "node" / "__main__.py"), *arguments]


def _keep(path, saying, parent):
    """Answer with processes until our parent ends."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        sys.exit()
    _import_all()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    server = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    server.bind(path)
    server.listen(64)
    os.write(saying, b"+")
    os.close(saying)
    _become(*_asked(server))


if __name__ == "__main__":
    _keep(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    from node.__main__ import main

    _end(main())
