"""The machines' tables by name, for pictures and pages."""

from __future__ import annotations

from statemachines.cluster import CLUSTER
from statemachines.machine import Table
from statemachines.member import MEMBER

TABLES: dict[str, Table] = {built.table.name: built.table for built in (CLUSTER, MEMBER)}
