"""Proving jobs: what a cluster's queue must offer (`JobStore`), the one of a single node, and its workers."""

from __future__ import annotations

from zkp_nb.server.jobs.model import Job, JobEvent, JobRequest, JobStore, State
from zkp_nb.server.jobs.sqlite import SqliteJobs
from zkp_nb.server.jobs.worker import Workers

__all__ = ["Job", "JobEvent", "JobRequest", "JobStore", "SqliteJobs", "State", "Workers"]
