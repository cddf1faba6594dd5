"""Texts that look like Dockerfiles, and texts that do not."""

from __future__ import annotations

from hypothesis import strategies as st

# What decoding any bytes can give: text, and single surrogates for bytes that are not UTF-8.
ANY_TEXT = st.text() | st.binary().map(lambda data: data.decode("utf-8", "surrogateescape"))

_LINE = st.sampled_from(
    [
        "FROM python:3.11",
        "from python:3.11-slim AS build",
        "FROM build",
        "RUN pip install flask",
        "RUN apt-get update && \\",
        "    apt-get install -y gcc \\",
        "    # a comment inside",
        "",
        "   ",
        "\t",
        "# a comment",
        "  # an indented comment",
        "RUN echo \\\\",
        'CMD ["python", "app.py"]',
        "CMD python app.py \\",
        "RUN <<EOF",
        "RUN <<-'EOF' bash",
        "COPY <<A <<B /x/",
        "A",
        "B",
        "EOF",
        "\tEOF",
        "RUN cat << EOF",
        "RUN echo $((1<<2))",
        'RUN echo "<<EOF"',
        "ENV A=1 B='two words' \\",
        "ENV NAME a value",
        "ONBUILD RUN make",
        "COPY --from=0 /a /b",
        'HEALTHCHECK --interval=5s CMD ["true"]',
        "LABEL a=b",
        "USER app",
        "WORKDIR /app",
        'SHELL ["/bin/bash", "-c"]',
        "# escape=`",
        "# syntax=docker/dockerfile:1",
        "# check=skip=all",
        "RUN dir `",
        "EXPOSE 8000\\",
    ]
)
_END = st.sampled_from(["\n", "\n", "\n", "\r\n"])

DOCKERFILE_LIKE = st.builds(
    lambda bom, lines, last: bom + "".join(line + end for line, end in lines) + last,
    st.sampled_from(["", "", "", "\ufeff"]),
    st.lists(st.tuples(_LINE, _END), max_size=14),
    _LINE,
)
