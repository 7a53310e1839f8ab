"""The operations, one module for each part of the API; `routers` are all of them."""

from __future__ import annotations

from zkp_nb.server.api import admin, entries, health, jobs, log

routers = (health.router, log.router, entries.router, jobs.router, admin.router)

__all__ = ["routers"]
