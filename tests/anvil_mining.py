"""Blocks that come by themselves on a chain with a node, and another connection to it."""

import threading

from anvil_support import Anvil


class Mining:
    """Makes a block every so often, as chains do; what is final is then not far behind."""

    def __init__(self, port, blocks=20, seconds=0.2):
        self._stop, self._port, self._blocks, self._seconds = threading.Event(), port, blocks, seconds
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()

    def _work(self):
        with Asking(self._port) as node:
            while not self._stop.wait(self._seconds):
                node.ask("anvil_mine", hex(self._blocks), "0x0")


class Asking(Anvil):
    """Another connection to a chain that runs."""

    def __init__(self, port):
        import http.client  # noqa: PLC0415 - in its thread

        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    def __exit__(self, *_):
        self._connection.close()
