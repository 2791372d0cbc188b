"""What a process needs to take part in the election: an elector, KubeDirector's lock in view, and a recorder for their Events.

Why a client of its own: it has no fence, since who does not lead must write the lease; a pause that the server asked the others for
does not hold up a renewal; and its requests give up after half the renew deadline, so that one dead connection leaves time for another.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from kdasync.kube.client import Client, Observer
from kdasync.kube.events import Recorder
from kdasync.kube.lease import Elector
from kdasync.kube.predecessor import Predecessor
from kdasync.kube.transport import Transport
from kdasync.settings import Settings


class Election:
    """One process' part in it: `elector`, and `recorder`, which somebody must run.

    Args:
        transport: the wire; it stays the caller's to close.
        settings: see `Elector`.
        identity: of this process, unique.
        controller: who Events say they are from.
        clock, now, sleep, random: injected.
        report: told of every request.
        observe: told True when leading begins and False when it ends.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        settings: Settings,
        identity: str,
        controller: str,
        clock: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        random: Callable[[], float],
        report: Observer,
        observe: Callable[[bool], None],
    ) -> None:
        patience = msgspec.structs.replace(settings, request_timeout=settings.renew_deadline / 2)
        client = Client(transport, settings=patience, clock=clock, sleep=sleep, random=random, observe=report)
        self.recorder = Recorder(client, controller=controller, instance=identity, clock=clock, now=now)
        predecessor = Predecessor(client, self.recorder, namespace=settings.namespace, clock=clock, now=now)
        self.elector = Elector(
            client,
            settings,
            identity=identity,
            clock=clock,
            now=now,
            sleep=sleep,
            obstacle=predecessor.hindrance,
            observe=observe,
        )
