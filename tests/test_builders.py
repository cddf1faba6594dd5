"""A project that a builder without `RUN --mount` builds gets none."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project.builders import takes_no_mounts

SAYS = {
    "a tag that Cloud Build makes": ({"README.md": "gcloud builds submit --tag gcr.io/p/web\n"}, True),
    "a deployment from source": ({"deploy.sh": "gcloud run deploy web --source . --region x\n"}, True),
    "a deployment over two lines": ({"Makefile": "ship:\n\tgcloud run deploy web \\\n\t\t--source .\n"}, True),
    "App Engine with a Dockerfile": ({"Makefile": "ship:\n\tgcloud app deploy app.yaml\n"}, True),
    "Railway's settings": ({"railway.json": "{}"}, True),
    "an image that Heroku builds": ({"heroku.yml": "build:\n  docker:\n    web: Dockerfile\n"}, True),
    "CapRover's definition": ({"captain-definition": "{}"}, True),
    "a docker step of Cloud Build": ({"cloudbuild.yaml": "steps:\n- name: gcr.io/cloud-builders/docker\n"}, True),
    "such a step in a file of another name": (
        {"deploy/cloudbuild-api.yaml": "steps:\n- name: gcr.io/cloud-builders/docker\n"},
        True,
    ),
    "a comment of the Dockerfile": ({"Dockerfile": "FROM python\n# Cloud Run sets PORT\nCMD python app.py\n"}, True),
    "such a step with BuildKit": (
        {"cloudbuild.yaml": "steps:\n- name: gcr.io/cloud-builders/docker\n  env: [DOCKER_BUILDKIT=1]\n"},
        False,
    ),
    "podman in a script of the CI": ({"ci/test.sh": "podman build -t web .\n"}, True),
    "podman as a choice": ({"README.md": "docker build . (or podman build .)\n"}, False),
    "a service that builds its sandbox": (
        {"app/sandbox.py": "import docker\n\ndocker.from_env().images.build(path='sandbox', tag='sandbox')\n"},
        True,
    ),
    "a test that builds the image": (
        {"tests/test_image.py": "from testcontainers.core.image import DockerImage\n\nimage = DockerImage(path='.')\n"},
        True,
    ),
    "a service that lists images": ({"app.py": "import docker\n\ndocker.from_env().images.list()\n"}, False),
    "a host whose engine comes from Debian": ({"scripts/deploy.sh": "sudo apt install -y git docker.io\n"}, True),
    "a pipeline of Bitbucket": ({"bitbucket-pipelines.yml": "- docker build -t web .\n"}, True),
    "one that asks for BuildKit": (
        {"bitbucket-pipelines.yml": "- export DOCKER_BUILDKIT=1\n- docker build -t web .\n"},
        False,
    ),
    "Railway's settings in YAML": ({"railway.yml": "buildScript: docker build .\n"}, True),
    "a script without BuildKit": ({"build.sh": "DOCKER_BUILDKIT=0 docker build .\n"}, True),
    "a train": ({"README.md": "Timetables of a railway company.\n"}, False),
    "an image that is built elsewhere": ({"deploy.sh": "gcloud run deploy web --image europe.pkg.dev/p/web\n"}, False),
    "nothing": ({"README.md": "docker build .\n"}, False),
}


@pytest.mark.parametrize(("files", "expected"), SAYS.values(), ids=SAYS)
def test_it_is_said_by(files: dict[str, str], expected: bool) -> None:
    assert takes_no_mounts(Tree.of(files), "Dockerfile") is expected


def test_it_is_said_above_the_build_context() -> None:
    above = (("../README.md", "gcloud builds submit --tag gcr.io/p/web\n"),)
    assert takes_no_mounts(Tree.of({}), "Dockerfile", above)
