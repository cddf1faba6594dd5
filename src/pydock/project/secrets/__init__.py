"""What looks like a secret: by its name, by its shape, by where it stands; and text with such values hidden.

Detection leans to silence for names that only speak of secrets (`TOKEN_URL`, `KEY_PATH`,
`PUBLIC_KEY`, `MAX_TOKENS`) and for values that are no secret; `mask` leans the other way.
No function here puts a value into a message.
"""

from pydock.project.secrets.masking import HIDDEN, Mask, mask, mask_of
from pydock.project.secrets.names import is_index_variable, is_installer, is_secret_name
from pydock.project.secrets.placeholders import is_placeholder
from pydock.project.secrets.shapes import Secret, shaped, url_variables, url_with_password
from pydock.project.secrets.values import Weight, weigh

__all__ = [
    "HIDDEN",
    "Mask",
    "Secret",
    "Weight",
    "is_index_variable",
    "is_installer",
    "is_placeholder",
    "is_secret_name",
    "mask",
    "mask_of",
    "shaped",
    "url_variables",
    "url_with_password",
    "weigh",
]
