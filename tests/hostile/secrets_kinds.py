"""Ways to write a secret into an image, as data: what it is, the lines of the Dockerfile, the value.

`§` stands for the value. No value is real: those with a known shape are put together here, so that no scanner of
repositories takes them for one.
"""

from __future__ import annotations

import re

from pydock.values import Value, field

PLACE = "§"
PLAIN = "Zq7hX2vLm9Kd"
ODD = "p$s'4 w\\rd!"
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0"
MIXED = "aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5hJ7k"
KEY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"
JWT = f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.{MIXED}"


class Kind(Value):
    """One way: `lines` in front of COPY, `last` instead of CMD; other files of the context where it needs them."""

    sentence: str
    lines: str = ""
    value: str = PLAIN
    last: str = 'CMD ["python", "app.py"]\n'
    files: dict[str, str] = field(default_factory=dict)
    head: str = "FROM python:3.12-slim\n"

    @property
    def context(self) -> dict[str, str]:
        """The files of the service, its Dockerfile among them."""
        dockerfile = (
            f"{self.head}WORKDIR /app\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
            f"{self.lines}COPY . .\n{self.last}"
        )
        files = {"app.py": "print('hello')\n", "requirements.txt": "flask==3.1.2\n", **self.files}
        return {path: text.replace(PLACE, self.value) for path, text in {"Dockerfile": dockerfile, **files}.items()}

    @property
    def telling(self) -> tuple[str, ...]:
        """The parts of the value that nothing else holds; whatever quotes or joins it leaves them as they are."""
        return tuple(part for part in re.findall(r"[A-Za-z0-9]{5,}", self.value) if re.search(r"\d", part))


def _run(sentence: str, command: str, value: str = PLAIN) -> Kind:
    return Kind(sentence, f"RUN {command}\n", value)


def _env(sentence: str, value: str, name: str = "SETTING") -> Kind:
    return Kind(sentence, f"ENV {name}=§\n", value)


KINDS = (
    # Variables
    Kind("a password in ENV", "ENV DB_PASSWORD=§\n"),
    Kind("a password in the old form of ENV", "ENV DB_PASSWORD §\n"),
    Kind("a password in double quotes", 'ENV DB_PASSWORD="§"\n'),
    Kind("a password in single quotes", "ENV DB_PASSWORD='§'\n"),
    Kind("a password with a blank in it", 'ENV DB_PASSWORD="§"\n', "Zq7h X2vLm9Kd"),
    Kind("a password with an escaped blank", "ENV DB_PASSWORD=§\\ tail9\n"),
    Kind("a password over two lines", "ENV DB_PASSWORD=§\n", "Zq7hX2v\\\nLm9Kd8"),
    Kind("a password over two lines with a comment between them", "ENV DB_PASSWORD=§\n", "Zq7hX2v\\\n# why\nLm9Kd8"),
    Kind("a password on the second line of an ENV", "ENV A=1 \\\n    DB_PASSWORD=§ \\\n    B=2\n"),
    Kind(
        "a password behind a backtick that continues",
        "ENV A=1 `\n    DB_PASSWORD=§\n",
        head="# escape=`\nFROM python:3.12-slim\n",
    ),
    Kind("a token as the default of an argument", "ARG API_TOKEN=§\nRUN fetch --token $API_TOKEN\n"),
    Kind("an argument that no RUN names", "ARG DB_PASSWORD=§\n"),
    Kind("an argument in front of FROM", head="ARG NPM_TOKEN=§\nFROM python:3.12-slim\n"),
    Kind("an argument that ENV takes on", "ARG TOKEN=§\nENV X=$TOKEN\n"),
    Kind("an argument of a plain name that ENV makes a password", "ARG BUILD=§\nENV DB_PASSWORD=$BUILD\n"),
    Kind("an argument of a plain name that an option takes", "ARG BUILD=§\nRUN fetch --password ${BUILD}\n"),
    Kind("an argument that a URL takes as its password", "ARG BUILD=§\nENV STORE=amqp://app:$BUILD@broker/x\n"),
    Kind("the default of a variable", "ENV DB_PASSWORD=${DB_PASSWORD:-§}\n"),
    Kind("a secret key of a framework", "ENV SECRET_KEY=§\n", "django-insecure-k3x9#q81zzt0p"),
    Kind("a label", 'LABEL api.token="§"\n'),
    Kind("a password of an index in its own variable", "ENV PIP_PASSWORD=§\n"),
    Kind("a password of Poetry's repository", "ENV POETRY_HTTP_BASIC_CORP_PASSWORD=§\n"),
    Kind("a token of PyPI for Poetry", "ARG POETRY_PYPI_TOKEN_PYPI=§\n"),
    # Commands
    _run("curl with a user and a password", "curl -u deploy:§ https://files.example.com/a.tgz -o /tmp/a.tgz"),
    _run("curl with the long option", "curl --user=deploy:§ -O https://files.example.com/a.tgz"),
    _run(
        "curl with both joined",
        "curl -sSfudeploy:§ https://files.example.com/a || curl -udeploy:§ https://b.example.com",
    ),
    _run("curl through a proxy", "curl -U deploy:§ -x http://proxy:3128 https://files.example.com/a.tgz -O"),
    _run("curl with a bearer token", 'curl -H "Authorization: Bearer §" https://files.example.com/a.tgz -O'),
    _run("curl with a header of GitLab", 'curl --header "PRIVATE-TOKEN: §" https://git.example.com/api/v4/x -o /x'),
    _run("curl with a key in a header", 'curl -H "X-Api-Key: §" https://files.example.com/a.tgz -O'),
    _run(
        "curl with basic authorization",
        'curl -H "Authorization: Basic §" https://files.example.com/a -O',
        "ZGVwbG95OlpxN2hYMg==",
    ),
    _run("wget with a password", "wget --user=deploy --password=§ https://files.example.com/a.tgz"),
    _run("wget with a header", 'wget --header="Authorization: token §" https://files.example.com/a.tgz'),
    _run("a URL with a password", "curl -O https://deploy:§@files.example.com/a.tgz"),
    _run("docker login", "docker login -u ci -p § registry.example.com"),
    _run("docker login with the long option", "docker login --username ci --password § registry.example.com"),
    _run("docker login through a pipe", "echo § | docker login -u ci --password-stdin registry.example.com"),
    _run("skopeo with credentials", "skopeo copy --src-creds ci:§ docker://a/b dir:/b"),
    _run("sshpass", "sshpass -p § scp ci@host:/a /a"),
    _run("sshpass with both joined", "sshpass -p§ ssh host true"),
    _run("chpasswd behind echo", "echo 'root:§' | chpasswd"),
    _run("chpasswd behind printf", "printf 'app:§\\n' | sudo chpasswd"),
    _run("chpasswd with a word", 'bash -c "true" && chpasswd <<< "root:§"'),
    Kind("chpasswd with a document", "RUN chpasswd <<EOF\nroot:§\nEOF\n"),
    _run("passwd from a pipe", "echo § | passwd --stdin root"),
    _run("useradd with a hash", "useradd -p '§' app", "$6$Zq7hX2vL$m9KdPq8sT5vW7y"),
    _run("mysql", "mysql -uroot -p§ -e 'select 1'"),
    _run("mysqldump", "mysqldump -h db -u app -p§ shop > /dump.sql"),
    _run("SQL that makes a user", "mysql -e \"CREATE USER app IDENTIFIED BY '§'\""),
    _run("SQL that changes a user", "psql -c \"ALTER USER app PASSWORD '§'\""),
    _run("psql by its variable", "PGPASSWORD=§ psql -h db -c 'select 1'"),
    _run("a .pgpass", "echo 'db:5432:shop:app:§' > ~/.pgpass"),
    _run("redis-cli", "redis-cli -h cache -a § ping"),
    _run("mongodump", "mongodump -u app -p § --host db"),
    _run("rabbitmqctl", "rabbitmqctl add_user app §"),
    _run("keytool", "keytool -importcert -storepass § -noprompt -file /ca.crt"),
    _run("java's own property", "java -Djavax.net.ssl.keyStorePassword=§ -jar /tool.jar"),
    _run("openssl", "openssl pkcs12 -in /a.p12 -passin pass:§ -out /a.pem"),
    _run("unzip", "unzip -P § /a.zip"),
    _run("7z", "7z x -p§ /a.7z"),
    _run("htpasswd", "htpasswd -bc /etc/htpasswd app §"),
    _run("smbclient", "smbclient //nas/files -U deploy,§ -c 'get a'"),
    _run("aws configure", "aws configure set aws_secret_access_key §", MIXED),
    _run("poetry's user and password", "poetry config http-basic.corp ci §"),
    _run("poetry's token", "poetry config pypi-token.pypi §"),
    _run("npm's token", "npm config set //registry.example.com/:_authToken §"),
    _run("twine", "twine upload -u ci -p § dist/*"),
    _run("git clone", "git clone https://ci:§@git.example.com/lib.git"),
    _run("git clone with a token for a user", "git clone https://§@git.example.com/lib.git", "a1b2c3d4e5f60718293a"),
    _run(
        "git's rewriting of addresses",
        "git config --global url.https://ci:§@git.example.com/.insteadOf https://git.example.com/",
    ),
    _run("an option by its name", "fetch --api-key § all"),
    _run("an option on the next line", "fetch \\\n    --password \\\n    § all"),
    _run("an export", "export DB_PASSWORD=§ && ./migrate"),
    _run("a variable in front of a command", "DB_PASSWORD=§ ./migrate"),
    _run("an argument of an inner build", "docker build --build-arg NPM_TOKEN=§ ."),
    _run("an .env by echo", 'echo "DB_PASSWORD=§" >> .env'),
    _run("an .env by printf", "printf 'A=1\\nDB_PASSWORD=§\\n' > .env"),
    Kind("an .env by a heredoc", "RUN cat > .env <<EOF\nA=1\nDB_PASSWORD=§\nEOF\n"),
    Kind("an .env by COPY", "COPY <<EOF /app/.env\nDB_PASSWORD=§\nEOF\n"),
    _run("a netrc by echo", "echo 'machine git.example.com login ci password §' > ~/.netrc"),
    _run("a netrc by printf", "printf 'machine git.example.com\\nlogin ci\\npassword §\\n' > ~/.netrc"),
    Kind(
        "a netrc by a heredoc", "RUN cat > /root/.netrc <<EOF\nmachine git.example.com\n  login ci\n  password §\nEOF\n"
    ),
    _run(
        "a configuration of docker",
        'echo \'{"auths":{"r":{"auth":"§"}}}\' > /root/.docker/config.json',
        "Y2k6WnE3aFgydkxtOUtk",
    ),
    Kind(
        "a private key by a heredoc",
        "RUN cat > /k.pem <<EOF\n-----BEGIN RSA PRIVATE KEY-----\n§\n-----END RSA PRIVATE KEY-----\nEOF\n",
        KEY,
    ),
    _run(
        "a private key by printf",
        "printf -- '-----BEGIN PRIVATE KEY-----\\n§\\n-----END PRIVATE KEY-----\\n' > /k.pem",
        KEY,
    ),
    _run("a private key without an end", "echo '-----BEGIN OPENSSH PRIVATE KEY----- §' > /k", KEY),
    # Installers
    _run("an index", "pip install --extra-index-url https://ci:§@pypi.example.com/simple lib"),
    _run("a repository", "pip install git+https://ci:§@git.example.com/lib.git"),
    Kind("an index in ENV", "ENV PIP_EXTRA_INDEX_URL=https://ci:§@pypi.example.com/simple\n"),
    Kind(
        "an index in the requirements",
        files={"requirements.txt": "--extra-index-url https://ci:§@pypi.example.com/simple\nflask==3.1.2\n"},
    ),
    Kind("an index in pip.conf", files={"pip.conf": "[global]\nindex-url = https://ci:§@pypi.example.com/simple\n"}),
    Kind(
        "an index that an argument opens",
        "ARG BUILD=§\nRUN pip install --extra-index-url https://ci:${BUILD}@pypi.example.com/simple lib\n",
    ),
    Kind("a registry in FROM", head="FROM ci:§@registry.example.com/python:3.12-slim\n"),
    # What runs in the end: the rewrite makes exec form of it
    Kind("an option of CMD in shell form", last="CMD python app.py --password §\n"),
    Kind("an option of CMD in quotes", last='CMD python app.py --password "§"\n'),
    Kind(
        "an option of CMD that shell and JSON write differently",
        last='CMD python app.py --password "§"\n',
        value='p4s\\"w0rd9',
    ),
    Kind("a joined option of CMD", last="CMD python app.py --db-password=§\n"),
    Kind("an option of ENTRYPOINT in exec form", last='ENTRYPOINT ["python", "app.py", "--token", "§"]\n'),
    Kind(
        "a password in a health check",
        last="HEALTHCHECK CMD curl -fu probe:§ http://localhost:8000/health\nCMD python app.py\n",
    ),
    Kind("a URL in CMD", last="CMD python app.py --broker amqp://app:§@broker/x\n"),
    # Shapes
    _env("an AWS access key", "AKIA" + "ZQ7HX2VLM9KDPQ8S"),
    _env("a GitHub token", "ghp_" + MIXED[:36]),
    _env("a token of a GitHub app", "github_pat_" + MIXED),
    _env("a GitLab token", "glpat-" + MIXED[:20]),
    _env("a Slack token", "xoxb-" + "123456789012-abcdefGHIJKL"),
    _env("a Slack webhook", "https://hooks.slack.com/services/" + "T01234567/B01234567/" + MIXED[:24]),
    _env("a Discord webhook", "https://discord.com/api/webhooks/" + "123456789012345678/" + MIXED),
    _env("a Stripe key", "sk_live_" + MIXED[:24]),
    _env("a Google API key", "AIza" + MIXED[:35]),
    _env("a Twilio key", "SK" + HEX),
    _env("a SendGrid key", "SG." + MIXED[:22] + "." + MIXED),
    _env("an npm token", "npm_" + MIXED[:36]),
    _env("a PyPI token", "pypi-AgE" + MIXED),
    _env("a Hugging Face token", "hf_" + MIXED[:34]),
    _env("a key of a model's API", "sk-proj-" + MIXED),
    _env("a Docker Hub token", "dckr_pat_" + MIXED[:27]),
    _env("a Vault token", "hvs." + MIXED[:24]),
    _env("a Telegram token", "123456789:AA" + MIXED[:33]),
    _env("a Databricks token", "dapi" + HEX),
    _env("a JSON web token", JWT),
    _env("a signature of Azure", "https://files.blob.example.net/a?sv=2022&sig=" + MIXED + "%3D"),
    _env("a key of Azure's storage", "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=" + MIXED + "=="),
    _env("a random key of a plain name", MIXED, "STRIPE_KEY"),
    Kind("a password of a database in its URL", "ENV DATABASE_URL=postgres://app:§@db/shop\n"),
    # Files
    Kind("a copied .env", files={".env": "DB_PASSWORD=§\n", ".dockerignore": ".git\n"}),
    Kind(
        "a copied key",
        files={"server.key": "-----BEGIN PRIVATE KEY-----\n§\n-----END PRIVATE KEY-----\n", ".dockerignore": ".git\n"},
        value=KEY,
    ),
    Kind(
        "a copied .netrc", files={".netrc": "machine git.example.com login ci password §\n", ".dockerignore": ".git\n"}
    ),
    Kind(
        "a copied service account",
        files={
            "credentials.json": '{"private_key": "-----BEGIN PRIVATE KEY-----\\n§\\n-----END PRIVATE KEY-----\\n"}\n',
            ".dockerignore": ".git\n",
        },
        value=KEY,
    ),
)
