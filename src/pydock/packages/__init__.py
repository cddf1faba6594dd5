"""What installs ask for, whoever says it: words, requirements files, projects of every backend, locks, archives."""

from pydock.packages.demand import UNREAD, Demand, Link, LocalProject, Places, joined, normalised
from pydock.packages.egg_info import egg_info
from pydock.packages.files import included, of_file
from pydock.packages.locks import is_pylock, local_packages, locked, of_pipfile_lock, of_pylock
from pydock.packages.manifests import CondaFile, of_conda_file, of_conda_word, of_pipfile, of_pixi
from pydock.packages.operands import of_operand
from pydock.packages.projects import ALL_EXTRAS, Groups, of_group, of_project, read_table, section, with_projects

__all__ = [
    "ALL_EXTRAS",
    "UNREAD",
    "CondaFile",
    "Demand",
    "Groups",
    "Link",
    "LocalProject",
    "Places",
    "egg_info",
    "included",
    "is_pylock",
    "joined",
    "local_packages",
    "locked",
    "normalised",
    "of_conda_file",
    "of_conda_word",
    "of_file",
    "of_group",
    "of_operand",
    "of_pipfile",
    "of_pipfile_lock",
    "of_pixi",
    "of_project",
    "of_pylock",
    "read_table",
    "section",
    "with_projects",
]
