"""The list is whole: a transcript for each conversation and none beside, and no acceptance of a conversation that is none."""

from __future__ import annotations

from conformance import catalogue
from conformance.differences import ACCEPTED

SUBJECTS = {"actions", "apply", "create", "deletion", "exec", "generation", "listing", "locking", "patch", "schema", "status"}
SUBJECTS |= {"watching", "webhooks"}


def test_every_subject_is_there() -> None:
    assert {name.partition(".")[0] for name in catalogue.conversations()} == SUBJECTS


def test_each_conversation_has_a_transcript_and_no_other_is_kept() -> None:
    kept = {file.stem for file in catalogue.transcript_file("x").parent.glob("*.json")}
    assert kept == set(catalogue.conversations())


def test_acceptances_name_conversations_and_give_reasons() -> None:
    assert {entry.conversation for entry in ACCEPTED} <= set(catalogue.conversations())
    assert all(len(entry.reason) > 20 for entry in ACCEPTED)
    keys = [(entry.conversation, entry.step, entry.path) for entry in ACCEPTED]
    assert len(keys) == len(set(keys))
