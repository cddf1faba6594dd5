"""What a service loads before it listens: models take minutes, whoever asks meanwhile gets no answer."""

from __future__ import annotations

from pydock.build.sources import sources
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.code.imports import module_at

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
