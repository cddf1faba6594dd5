"""Compose files as compose means them: merged, their variables filled in, every short form long."""

from __future__ import annotations

from pydock.context.compose.composition import Composition, ServiceOrigin
from pydock.context.compose.files import builds, compositions, file_built, is_compose_file, named_files
from pydock.context.compose.interpolation import Text, Unset
from pydock.context.compose.service import (
    Build,
    Service,
    ServiceMount,
    ServicePort,
    build_of,
    service_of,
    services_of,
    shown,
)

__all__ = [
    "Build",
    "Composition",
    "Service",
    "ServiceMount",
    "ServiceOrigin",
    "ServicePort",
    "Text",
    "Unset",
    "build_of",
    "builds",
    "compositions",
    "file_built",
    "is_compose_file",
    "named_files",
    "service_of",
    "services_of",
    "shown",
]
