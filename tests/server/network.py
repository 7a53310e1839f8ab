"""A network between client and node that loses things."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class BadNetwork:
    """Passes bytes to a node, but drops the connection instead of the next `lose` answers.

    With `carries`, it also drops each connection that has sent so many bytes.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.lose = 0
        self.carries: int | None = None
        self.cut = 0
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> BadNetwork:
        self._run(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)

    def _run(self, work: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            node = socket.create_connection(("127.0.0.1", self._target))
            self._run(self._pass, client, node, False)
            self._run(self._pass, node, client, True)

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        passed = 0
        while True:
            try:
                data = source.recv(65_536)
                passed += len(data)
                if not answers and self.carries is not None and passed > self.carries:
                    self.cut += 1
                    break
                if answers and data and self.lose:
                    self.lose -= 1
                    data = b""
                if not data:
                    break
                target.sendall(data)
            except OSError:
                break
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)
        source.close()
