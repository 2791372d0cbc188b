"""The real world for the operator: the machine's clock, entropy and identities. Nothing else in the operator may reach for them."""

from __future__ import annotations

import asyncio
import random
import secrets
import time
import uuid

from kdasync.operator import World


def real_world(*, identity: str) -> World:
    """The world of this process. Call it inside the running loop."""
    return World(
        clock=asyncio.get_running_loop().time,
        now=time.time,
        sleep=asyncio.sleep,
        random=random.SystemRandom().random,
        uid=lambda: str(uuid.uuid4()),
        token=lambda: secrets.token_hex(16),
        identity=identity,
    )
