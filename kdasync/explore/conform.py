"""Is the model the operator? Every situation that the one-member walk stepped from, put to the real functions.

The real `member_seen` must say what the model says of every fact that the state's edges look at, and the real operations of the edge
that fires must leave the member as the model leaves it. A difference is a defect of the model, and ends the run.
"""

from __future__ import annotations

from collections.abc import Iterable

from kdasync.api.memory import MemberMemory
from kdasync.explore.concrete import NODE, mem_of, memory_of, snapshot_of
from kdasync.explore.member_pass import FACTS, Fired, doom, take
from kdasync.explore.member_state import BLANK, ENDED, IDLE, RECOVER, TOLD, Whole, seen_phase
from kdasync.explore.tabulate import Steps
from kdasync.reconcile.draft import Chance, Draft
from kdasync.reconcile.facts import member_seen, update
from kdasync.reconcile.ops import OPS
from kdasync.reconcile.snapshot import Snapshot
from kdasync.reconcile.want import doomed
from statemachines import role as roles
from statemachines.member import DRAINING


def differences(steps: Steps, situations: Iterable[Whole], fired: Iterable[Fired]) -> list[str]:
    """Everything in which model and operator differ, in words."""
    out: list[str] = []
    for whole in dict.fromkeys(map(sight, situations)):
        out += _facts(steps, whole)
    for step in {(step.edge, sight(step.before)): step for step in fired}.values():
        out += _effects(step)
    return out


def sight(whole: Whole) -> Whole:
    """The situation as far as the operator can see it: the same for many worlds."""
    world = whole.world
    ended = world.job == ENDED
    files = world.files if ended and whole.mem.run == RECOVER else BLANK
    script = world.script if ended else IDLE
    return Whole(whole.mem, world._replace(phase=seen_phase(world), view=seen_phase(world), files=files, script=script, lock=IDLE))


def _draft(snapshot: Snapshot, whole: Whole) -> Draft:
    chance = Chance(jitter=lambda: 0.0, token=lambda: "t")
    return Draft(memory_of(whole), now=snapshot.now, settings=snapshot.settings, chance=chance)


def _facts(steps: Steps, whole: Whole) -> list[str]:
    snapshot = snapshot_of(whole)
    draft = _draft(snapshot, whole)
    real = member_seen(snapshot, draft, draft.members[NODE])
    return [
        f"fact {name} in {whole}: the model says {bool(FACTS[name](*whole))}, the operator {getattr(real, name)}"
        for name in steps.facts[whole.mem.state]
        if bool(FACTS[name](*whole)) != getattr(real, name)
    ]


def _effects(fired: Fired) -> list[str]:
    snapshot = snapshot_of(fired.before)
    draft = _draft(snapshot, fired.before)
    for op in fired.edge.emit:
        OPS[op](snapshot, draft, draft.members[NODE])
    member = draft.update(draft.members[NODE], state=fired.edge.dest)
    member = draft.update(member, doomed=doomed(snapshot, member))
    model = doom(take(fired.before, fired.edge))
    real = _as_model(snapshot, draft, member, model)
    if real == model:
        return []
    return [f"{fired.edge.source} --{fired.edge.trigger}--> {fired.edge.dest} from {fired.before}: {model} and really {real}"]


def _as_model(snapshot: Snapshot, draft: Draft, member: MemberMemory, model: Whole) -> Whole:
    """What the real member became; of the world only what an operation may change."""
    world = model.world
    if member.state in roles.AT_WORK and model.mem.known:
        world = world._replace(tell=int(update(snapshot, draft, member) is not None))
    logged = any(entry.op == "del" and entry.node_id == NODE for entry in draft.log)
    if member.state == DRAINING or not logged:
        world = world._replace(peers=(world.peers or 1) if logged else TOLD)
    return Whole(mem_of(member), world)
