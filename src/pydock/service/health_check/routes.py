"""What a health check has to know: whether a route tells that the service is well, and whether a model is loaded."""

from __future__ import annotations

from pydock.build.sources import sources
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.app import App, app
from pydock.service.code.imports import module_at

# Frameworks whose routes pydock can read.
_ROUTED = frozenset(
    ["flask", "quart", "fastapi", "starlette", "litestar", "sanic", "aiohttp", "bottle", "falcon", "django"]
)


@remembered
def without_health_route(project: Project) -> App | None:
    """The application of the image's main command where it has routes and none of them asks for health."""
    application = app(project)
    if application is None or not is_routed(application):
        return None
    if application.health or application.health_like or _is_mentioned(project, application.reached):
        return None
    return application


def is_routed(application: App) -> bool:
    """Whether pydock can read what an application answers."""
    return application.framework in _ROUTED or application.framework.startswith("http.server")


def _is_mentioned(project: Project, paths: tuple[str, ...]) -> bool:
    """Whether a route may be declared in a way that could not be followed."""
    return any("health" in (project.tree.text(path) or "").lower() for path in paths)


# Packages that load a model, or are one to import: seconds to minutes on a small machine.
_NAMES = (
    "accelerate chromadb diffusers easyocr fastai faster_whisper flair gensim joblib keras lightgbm llama_cpp mxnet "
    "nemo onnxruntime paddle paddleocr rembg sentence_transformers spacy stanza tensorflow torch torchaudio "
    "torchvision transformers ultralytics vllm whisper whisperx xgboost"
)
_MODELS = frozenset(_NAMES.split())


@remembered
def loads_model(project: Project) -> bool:
    """Whether the source imports what loads a model."""
    return any(
        name.partition(".")[0] in _MODELS
        for path in sources(project)
        if (module := module_at(project, path)) is not None
        for name in module.imports.values()
    )
