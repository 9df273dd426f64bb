"""Where settings come from, which source goes first, and what a refusal says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from radnode.cli.loading import Loaded, load_settings
from radnode.cli.refusal import Refused
from radnode.model.level import Level
from radnode.settings import SERVICES


@dataclass(frozen=True)
class Sources:
    """What stands in each place that settings come from."""

    options: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    env_file: str = ""
    toml: str | None = None


def load(folder: Path, sources: Sources) -> Loaded:
    if sources.env_file:
        (folder / ".env").write_text(sources.env_file)
    config = None
    if sources.toml is not None:
        config = folder / "radnode.toml"
        config.write_text(sources.toml)
    return load_settings(sources.options, config, environment=sources.environment, folder=folder)


def refusal(folder: Path, sources: Sources) -> str:
    with pytest.raises(Refused) as caught:
        load(folder, sources)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_the_contracts_defaults_are_the_defaults(tmp_path: Path) -> None:
    settings = load(tmp_path, Sources()).settings
    assert (settings.dicom.ae_title, settings.dicom.host, settings.dicom.port) == ("RADNODE", "127.0.0.1", 11112)
    assert (settings.dicom.workers, settings.dicom.max_associations, settings.dicom.max_pdu) == (0, 200, 131072)
    assert (settings.dicom.idle_timeout, settings.dicom.max_object_size) == (60, 0)
    assert not settings.dicom.accept_unknown_peers
    assert not settings.dicom.accept_unknown_sop_classes
    assert (settings.archive.root, settings.archive.enabled) == (Path("dicom_storage"), True)
    assert (settings.http.host, settings.http.port, settings.http.max_file_size) == ("127.0.0.1", 8000, 104857600)
    assert (settings.http.cors_origins, settings.http.open_metrics) == ((), False)
    assert (settings.auth.algorithm, settings.auth.secret, settings.auth.public_key_file) == ("HS256", None, None)
    assert settings.peers == ()


def test_each_source_goes_before_the_next(tmp_path: Path) -> None:
    sources = Sources(
        options={"http.max_file_size": "1"},
        environment={"RADNODE_HTTP__MAX_FILE_SIZE": "2", "DICOM_MAX_FILE_SIZE": "3"},
        env_file="RADNODE_HTTP__MAX_FILE_SIZE=4\nDICOM_MAX_FILE_SIZE=5\n",
        toml="[http]\nmax_file_size = 6\n",
    )
    fewer = [
        sources,
        sources := replace(sources, options={}),
        sources := replace(sources, environment={"DICOM_MAX_FILE_SIZE": "3"}),
        sources := replace(sources, environment={}),
        sources := replace(sources, env_file="DICOM_MAX_FILE_SIZE=5\n"),
        sources := replace(sources, env_file="# nothing\n"),
    ]
    assert [load(tmp_path, left).settings.http.max_file_size for left in fewer] == [1, 2, 3, 4, 5, 6]


def test_the_guides_names_are_read(tmp_path: Path) -> None:
    names = {"DICOM_ENABLED": "false", "DICOM_UPLOAD_DIR": "/srv/images", "DICOM_MAX_FILE_SIZE": "1000"}
    settings = load(tmp_path, Sources(environment=names)).settings
    assert (settings.archive.enabled, settings.archive.root) == (False, Path("/srv/images"))
    assert settings.http.max_file_size == 1000


def test_sources_are_merged_setting_by_setting(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        Sources(
            options={"dicom.port": "104"},
            environment={"RADNODE_DICOM__WORKERS": "3"},
            toml='[dicom]\nport = 5\nae_title = "FROMFILE"\n',
        ),
    )
    dicom = loaded.settings.dicom
    assert (dicom.port, dicom.workers, dicom.ae_title) == (104, 3, "FROMFILE")
    assert loaded.origins["dicom.port"] == "--dicom.port"
    assert loaded.origins["dicom.workers"] == "RADNODE_DICOM__WORKERS"


def test_lists_and_tables_are_json_in_the_environment(tmp_path: Path) -> None:
    peers = [{"title": "WS1", "host": "10.1.2.3", "port": 11112}]
    settings = load(
        tmp_path,
        Sources(
            environment={
                "RADNODE_PEERS": json.dumps(peers),
                "RADNODE_HTTP__CORS_ORIGINS": '["https://app.example"]',
                "RADNODE_DICOM": '{"port": 4711, "ae_title": "WHOLE"}',
                "RADNODE_DICOM__PORT": "4712",
            },
        ),
    ).settings
    assert [(peer.title, peer.host, peer.port, peer.allow) for peer in settings.peers] == [
        ("WS1", "10.1.2.3", 11112, SERVICES)
    ]
    assert settings.http.cors_origins == ("https://app.example",)
    assert (settings.dicom.ae_title, settings.dicom.port) == ("WHOLE", 4712)


def test_an_empty_variable_counts_as_not_set(tmp_path: Path) -> None:
    settings = load(
        tmp_path,
        Sources(
            environment={
                "RADNODE_DICOM__PORT": "",
                "DICOM_UPLOAD_DIR": "",
                "RADNODE_PEERS": "",
                "RADNODE_DICOM__PROT": "",
            },
            env_file="DICOM_ENABLED=\n",
        ),
    ).settings
    assert settings.dicom.port == 11112
    assert settings.archive.enabled


def test_other_programs_variables_are_passed_over(tmp_path: Path) -> None:
    environment = {
        "RADNODE_REQUIRE_PEERS": "1",
        "RADNODE_SERVICE_HOST": "10.0.0.1",
        "RADNODE_PORT": "tcp://10.0.0.1:11112",
        "RADNODE_PORT_11112_TCP_ADDR": "10.0.0.1",
        "RADNODER": "x",
    }
    assert load(tmp_path, Sources(environment=environment, env_file="POSTGRES_PASSWORD=x\n")).origins == {}


def test_a_port_too_high(tmp_path: Path) -> None:
    line = refusal(tmp_path, Sources(options={"dicom.port": "99999"}))
    assert line == "dicom.port = 99999: must be 0 to 65535 (from --dicom.port)"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("dicom.port", "dicom", "0 to 65535"),
        ("dicom.port", "-1", "0 to 65535"),
        ("dicom.ae_title", "MUCH_TOO_LONG_TITLE", "1 to 16 printable ASCII characters"),
        ("dicom.ae_title", "BACK\\SLASH", "1 to 16 printable ASCII characters"),
        ("dicom.ae_title", "   ", "1 to 16 printable ASCII characters"),
        ("dicom.workers", "many", "0 to 256"),
        ("dicom.max_object_size", "-5", "a whole number, at least 0"),
        ("dicom.accept_unknown_peers", "maybe", "true or false"),
        ("archive.root", "", "the path of a folder"),
        ("http.host", "", "a host name or address"),
        ("http.max_file_size", "0", "a whole number, at least 1"),
        ("http.render_timeout", "nan", "above 0 and at most 600"),
        ("auth.algorithm", "none", "one of HS256, RS256, ES256, EdDSA"),
        ("auth.issuer", "", "a text that is not empty"),
        ("log.level", "trace", "one of debug, info, warning, error"),
    ],
)
def test_a_refusal_names_setting_value_and_what_is_allowed(tmp_path: Path, name: str, value: str, allowed: str) -> None:
    line = refusal(tmp_path, Sources(options={name: value}))
    assert line.startswith(f"{name} = {value}: must be ")
    assert allowed in line


def test_a_refused_list_says_which_entry(tmp_path: Path) -> None:
    assert refusal(
        tmp_path, Sources(environment={"RADNODE_HTTP__CORS_ORIGINS": '["*", "https://a.example/"]'})
    ).startswith("http.cors_origins[1] = https://a.example/: must be ")


@pytest.mark.parametrize(
    ("peer", "line"),
    [
        ({"title": "A", "port": 1}, "peers[0].host: is missing, must be a host name, an address"),
        (
            {"title": "A", "host": "10.1.2.3/24", "port": 1},
            "peers[0].host = 10.1.2.3/24: 10.1.2.3/24 has host bits set",
        ),
        ({"title": "A", "host": "b"}, "peers[0].port: is missing, must be 0 to 65535"),
        ({"title": "A", "host": "b", "port": 1, "allow": ["fnid"]}, "peers[0].allow[0] = fnid: must be one of echo, "),
        (
            {"title": "A", "host": "b", "port": 1, "alow": []},
            "peers[0].alow: unknown setting; did you mean peers.allow?",
        ),
        ("A@b:1", "peers[0] = A@b:1: must be a table"),
    ],
)
def test_a_refused_peer(tmp_path: Path, peer: object, line: str) -> None:
    assert refusal(tmp_path, Sources(environment={"RADNODE_PEERS": json.dumps([peer])})).startswith(line)


@pytest.mark.parametrize(
    ("attributes", "line"),
    [
        ('[{"attribute": "NoSuch", "level": "SERIES"}]', "archive.attributes[0] = {"),
        (
            '[{"attribute": "NoSuch", "level": "SERIES"}]',
            "NoSuch is neither a keyword of the data dictionary nor a",
        ),
        (
            '[{"attribute": "0019,100C", "level": "IMAGE"}]',
            "0019,100C is not in the data dictionary, so its vr must be",
        ),
        ('[{"attribute": "PixelData", "level": "IMAGE"}]', "PixelData cannot be indexed, because its VR"),
        ('[{"attribute": "ImageComments"}]', "archive.attributes[0].level: is missing, must be one of PATIENT, STUDY"),
        ('[{"attribute": "ImageComments", "level": "FRAME"}]', "level = FRAME: must be one of PATIENT, STUDY, SERIES"),
        ('[{"attribute": "", "level": "IMAGE"}]', "attribute = : must be the keyword of an attribute, such as"),
        ('[{"attribute": "Rows", "level": "IMAGE", "tag": 1}]', "archive.attributes[0].tag: unknown setting"),
        (
            str([{"attribute": "ImageComments", "level": "IMAGE"}] * 2).replace("'", '"'),
            "must name each attribute once",
        ),
        ('["ImageComments"]', "archive.attributes[0] = ImageComments: must be a table"),
    ],
)
def test_a_refused_attribute(tmp_path: Path, attributes: str, line: str) -> None:
    assert line in refusal(tmp_path, Sources(environment={"RADNODE_ARCHIVE__ATTRIBUTES": attributes}))


def test_attributes_that_are_indexed_anyway_may_be_named_too(tmp_path: Path) -> None:
    toml = """
    [archive]
    attributes = [{attribute = "StudyDate", level = "STUDY"}, {attribute = "0019,100C", level = "SERIES", vr = "IS"}]
    """
    (further,) = load(tmp_path, Sources(toml=toml)).settings.archive.further
    assert (further.tag, further.vr, further.level) == (0x0019100C, "IS", Level.SERIES)


def test_two_peers_of_one_title(tmp_path: Path) -> None:
    peers = [{"title": "A", "host": "b", "port": 1}, {"title": "A ", "host": "c", "port": 1}]
    assert "must name each title once" in refusal(tmp_path, Sources(environment={"RADNODE_PEERS": json.dumps(peers)}))


@pytest.mark.parametrize(
    ("sources", "line"),
    [
        (
            Sources(environment={"RADNODE_DICOM_PORT": "1"}),
            "RADNODE_DICOM_PORT: unknown setting; did you mean RADNODE_DICOM__",
        ),
        (
            Sources(environment={"RADNODE_DICOM__PROT": "1"}),
            "RADNODE_DICOM__PROT: unknown setting; did you mean RADNODE_DICOM",
        ),
        (Sources(environment={"RADNODE_NOTHING__LIKE_IT": "1"}), "RADNODE_NOTHING__LIKE_IT: unknown setting"),
        (Sources(env_file="RADNODE_DICOM__PROT=1"), ".env RADNODE_DICOM__PROT: unknown setting"),
        (Sources(toml="[dicom]\nprot = 1\n"), "dicom.prot: unknown setting; did you mean dicom.port? (from "),
        (Sources(toml="[dicm]\nport = 1\n"), "dicm: unknown setting"),
        (Sources(toml="port = 1\n"), "port: unknown setting"),
        (Sources(toml="dicom = 1\n"), "dicom: must be a table of settings"),
        (Sources(environment={"RADNODE_PEERS": "WS1@10.1.2.3:104"}), "peers = WS1@10.1.2.3:104: must be a JSON list"),
        (Sources(environment={"RADNODE_PEERS": "{}"}), "peers = {}: must be a list"),
        (Sources(environment={"RADNODE_DICOM": "5"}), "dicom: must be a table of settings"),
        (Sources(environment={"RADNODE_DICOM": "["}), "dicom = [: must be a JSON table"),
    ],
)
def test_what_nobody_knows_is_refused(tmp_path: Path, sources: Sources, line: str) -> None:
    assert refusal(tmp_path, sources).startswith(line)


def test_broken_toml_is_refused_with_its_place(tmp_path: Path) -> None:
    line = refusal(tmp_path, Sources(toml="[dicom\nport = 1\n"))
    assert "radnode.toml: is not valid TOML" in line
    assert "line 1" in line


def test_a_configuration_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="cannot be read \\(No such file or directory\\)"):
        load_settings(None, tmp_path / "none.toml", environment={}, folder=tmp_path)


def test_several_mistakes_are_one_line(tmp_path: Path) -> None:
    line = refusal(tmp_path, Sources(options={"dicom.port": "-1", "http.port": "-1", "log.level": "x"}))
    assert line.endswith("(and 2 more)")


@pytest.mark.parametrize(
    "sources",
    [
        Sources(options={"auth.secret": "hush-hush"}),
        Sources(environment={"RADNODE_AUTH__SECRET": "hush-hush"}),
        Sources(environment={"RADNODE_AUTH": '{"secret": "hush-hush"}'}),
        Sources(environment={"RADNODE_AUTH": '{"secret": "hush-hush"'}),
        Sources(environment={"RADNODE_AUTH": '["hush-hush"]'}),
        Sources(env_file="RADNODE_AUTH__SECRET=hush-hush"),
        Sources(toml='[auth]\nsecret = "hush-hush"\n'),
        Sources(toml='auth = "hush-hush"\n'),
        Sources(toml='[auth]\nsecret = ["hush-hush"]\n'),
    ],
)
def test_a_refused_secret_is_not_shown(tmp_path: Path, sources: Sources) -> None:
    line = refusal(tmp_path, sources)
    assert "hush" not in line
    assert "auth" in line


def test_another_algorithm_needs_a_public_key(tmp_path: Path) -> None:
    line = refusal(tmp_path, Sources(options={"auth.algorithm": "RS256"}))
    assert line.startswith("auth.public_key_file: must name a PEM file with the public key")


def test_values_are_shown_on_one_harmless_line(tmp_path: Path) -> None:
    line = refusal(tmp_path, Sources(options={"log.level": "a\nb\x1b[31m" + "x" * 500}))
    assert "\\n" in line
    assert "\x1b" not in line
    assert len(line) < 250
