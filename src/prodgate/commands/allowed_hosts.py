"""What may be put under load or attacked: whoever runs the gate names it, and so must the criteria."""

from __future__ import annotations

from urllib.parse import urlsplit

from ..criteria import UsageError, suggest
from ..sections.project import Project
from ..sections.targets import Target


def refuse_other_host(host: str, project: Project) -> None:
    """Raise UsageError for a host that the criteria do not name: whoever allowed it meant another system."""
    hosts = project.stated.load.hosts if project.stated.load else ()
    if host and host not in hosts:
        hint = suggest(host, hosts) or f"; hosts are {', '.join(hosts) or 'not stated'}"
        raise UsageError(f"--i-am-allowed-to-load: {host!r} is no host of [load] in {project.stated.path}{hint}")


def refuse_other_site(host: str, project: Project, target: Target) -> None:
    """Raise UsageError for a host that is not the site's: whoever allowed it meant another system."""
    stated = project.stated.e2e.base_url if project.stated.e2e else ""
    site = urlsplit(target.site or stated).hostname or ""
    if host and host != site:
        there = f"that is {site}" if site else "which names no base_url"
        whose = "the target" if target.site else f"the site of [e2e] in {project.stated.path}"
        raise UsageError(f"--i-am-allowed-to-attack: {host!r} is not {whose}; {there}")
