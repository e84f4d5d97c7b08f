"""HERMES's connection pool: 20 kept, 40 more under load, a ping before every use."""
import asyncio
import logging
import time
from collections import deque
from contextlib import asynccontextmanager

import asyncpg

POOL_SIZE = 20
MAX_OVERFLOW = 40
WAIT_S = 30
CONNECT_S = 10
QUERY_S = 20
log = logging.getLogger("hermes.database")


class PoolBroken(Exception):
    """The pool lost a connection and, with the fault on, never makes another."""


# What the database being away, full, renamed or read-only looks like to a request.
UNAVAILABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, asyncio.TimeoutError, PoolBroken)


class Pool:
    def __init__(self, **connection):
        self._connection = connection
        self._idle: deque[asyncpg.Connection] = deque()
        self._slots = asyncio.Semaphore(POOL_SIZE + MAX_OVERFLOW)
        self._gate = asyncio.Lock()
        self._broken = False
        self.reconnects = True
        self.opened = 0
        self.queries = 0
        self.query_ms = 0.0
        self.errors = 0

    @asynccontextmanager
    async def connection(self):
        """Lends a connection that answered a ping a moment ago."""
        if self._broken:
            raise PoolBroken("connection pool is in a broken state")
        try:
            await asyncio.wait_for(self._slots.acquire(), WAIT_S)
        except asyncio.TimeoutError:
            self.errors += 1
            log.error("connection pool limit of size %d overflow %d reached", POOL_SIZE, MAX_OVERFLOW)
            raise
        connection = None
        try:
            connection = await self._checkout()
            began = time.perf_counter()
            yield connection
            self.queries += 1
            self.query_ms += (time.perf_counter() - began) * 1000
        except UNAVAILABLE as error:
            self.errors += 1
            log.error("Database error: %s: %s", type(error).__name__, error)
            raise
        finally:
            self._slots.release()
            await self._give_back(connection)

    @property
    def exhausted(self) -> bool:
        """Whether every connection that the pool may have is lent."""
        return self._slots.locked()

    async def _open(self) -> asyncpg.Connection:
        connection = await asyncpg.connect(**self._connection, timeout=CONNECT_S, command_timeout=QUERY_S)
        self.opened += 1
        return connection

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().terminate()

    async def _checkout(self) -> asyncpg.Connection:
        if self.reconnects:
            return await self._idle_or_new()
        # One after the other: nobody opens a new connection while another finds out that the old ones are lost.
        async with self._gate:
            if self._broken:
                raise PoolBroken("connection pool is in a broken state")
            return await self._idle_or_new()

    async def _idle_or_new(self) -> asyncpg.Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("SELECT 1")
                return connection
            except UNAVAILABLE as error:
                connection.terminate()
                log.warning("Lost a database connection: %s: %s", type(error).__name__, error)
                self._break_if_told()
        try:
            return await self._open()
        except UNAVAILABLE:
            self._break_if_told()
            raise

    def _break_if_told(self) -> None:
        if not self.reconnects:
            self._broken = True
            raise PoolBroken("connection pool is in a broken state")

    async def _give_back(self, connection: "asyncpg.Connection | None") -> None:
        if connection is None or connection.is_closed():
            return
        if len(self._idle) >= POOL_SIZE or connection.is_in_transaction():
            connection.terminate()
        else:
            self._idle.append(connection)
