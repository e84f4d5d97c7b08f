"""Four worker processes behind one listening socket, as uvicorn has them."""
import logging
import os
import signal
import socket
import sys
import time

from . import worker

WORKERS = int(os.environ.get("HERMES_WORKERS", "4"))
RESTART_PAUSE_S = 0.5
log = logging.getLogger("hermes.main")


class Supervisor:
    def __init__(self, listener: socket.socket):
        self.listener = listener
        self.started_at = time.time()
        self.stopping = False
        self.workers: dict[int, int] = {}

    def run(self) -> None:
        for index in range(WORKERS):
            self.start(index)
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        signal.signal(signal.SIGUSR1, self.crash)
        # A worker that hangs does not end at TERM, so neither does this: Docker kills after its grace period.
        while self.workers:
            pid, status = os.waitpid(-1, 0)
            index = self.workers.pop(pid, None)
            if index is not None and not self.stopping:
                log.error("Worker %d (pid %d) ended with %d, starting another", index, pid, status)
                time.sleep(RESTART_PAUSE_S)
                self.start(index)

    def start(self, index: int) -> None:
        pid = os.fork()
        if pid != 0:
            self.workers[pid] = index
            return
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1):
            signal.signal(number, signal.SIG_DFL)
        worker.run(self.listener, index, WORKERS, self.started_at)
        os._exit(0)

    def stop(self, *_: object) -> None:
        self.stopping = True
        for pid in self.workers:
            os.kill(pid, signal.SIGTERM)

    def crash(self, *_: object) -> None:
        for pid in self.workers:
            os.kill(pid, signal.SIGKILL)
        log.critical("Fatal Python error: Segmentation fault")
        os._exit(139)


def main() -> None:
    logging.basicConfig(
        level=logging.INFO, stream=sys.stdout, format="%(asctime)s - %(name)s - %(levelname)s - %(message)s"
    )
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("0.0.0.0", int(os.environ.get("HERMES_PORT", "8000"))))
    listener.listen(2048)
    listener.setblocking(False)
    log.info("HERMES starts %d workers on port %d", WORKERS, listener.getsockname()[1])
    Supervisor(listener).run()


main()
