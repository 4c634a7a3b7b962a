# SPDX-License-Identifier: EUPL-1.2
"""``init`` makes a gateway once; ``serve`` does not start one that lacks something, and says what helps."""

import fcntl
import shlex
import shutil

import pytest

INIT = ("--id", "amtsbote.example.de", "--name", "Amtsbote der IHK Erfurt")


@pytest.fixture
def site(world, tmp_path):
    """A whole gateway to take something away from."""
    return shutil.copytree(world.site, tmp_path / "site")


def test_init_makes_a_commented_configuration_and_keys_that_nobody_else_can_read(amtsbote, tmp_path):
    done = amtsbote("init", tmp_path / "new", *INIT)
    keys = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "new/keys").glob("*.key")}
    text = (tmp_path / "new/amtsbote.toml").read_text(encoding="utf-8")

    assert (0, "") == (done.code, done.err)
    assert dict.fromkeys(["log.key", "master.key", "seal.key", "tls.key"], 0o600) == keys
    assert 'name = "Amtsbote der IHK Erfurt"' in text
    assert text.count("\n#") > 20
    assert (tmp_path / "new/keys/log.vkey").read_text().strip() in done.out


def test_init_tells_a_program_what_it_made_and_what_comes_next(amtsbote, tmp_path):
    new = tmp_path / "a new one"
    new.mkdir()
    (new / "notes.txt").write_text("was here before")
    done = amtsbote("init", new, *INIT, "--json")
    (told,) = done.values
    _, *following = shlex.split(told["next"])

    assert (0, "") == (done.code, done.err)
    assert (str(new), (new / "keys/log.vkey").read_text().strip()) == (told["gateway"], told["vkey"])
    assert {"notes.txt", *told["files"]} == {str(p.relative_to(new)) for p in new.rglob("*") if p.is_file()}
    assert "notes.txt" not in told["files"]
    assert "no trust anchor" in amtsbote(*following).err


def test_init_speaks_german(amtsbote, tmp_path):
    assert "Nächste Schritte:" in amtsbote("init", tmp_path / "neu", *INIT, language="de").out


def test_a_second_init_overwrites_nothing(amtsbote, tmp_path):
    amtsbote("init", tmp_path / "new", *INIT)
    before = {p: p.read_bytes() for p in (tmp_path / "new").rglob("*") if p.is_file()}
    done = amtsbote("init", tmp_path / "new", *INIT)

    assert (2, "") == (done.code, done.out)
    assert "already holds a gateway" in done.err
    assert before == {p: p.read_bytes() for p in (tmp_path / "new").rglob("*") if p.is_file()}


def test_an_id_that_cannot_name_a_log_is_refused_before_anything_is_made(amtsbote, tmp_path):
    done = amtsbote("init", tmp_path / "new", "--id", "Amts bote+1", "--name", "x")

    assert 2 == done.code
    assert "--id: expected a host name in lower case" in done.err
    assert not (tmp_path / "new").exists()


def test_serve_without_a_gateway_names_the_command_that_makes_one(amtsbote, tmp_path):
    done = amtsbote("serve", "--config", tmp_path / "amtsbote.toml")

    assert (3, "") == (done.code, done.out)
    assert "hint: make one with: amtsbote init" in done.err


def test_a_new_gateway_does_not_start_before_it_is_told_whom_to_trust(amtsbote, tmp_path):
    amtsbote("init", tmp_path / "new", *INIT)
    done = amtsbote("serve", "--config", tmp_path / "new/amtsbote.toml")

    assert 3 == done.code
    assert "no trust anchor" in done.err
    assert "hint: put the CA's certificate (PEM) there" in done.err


MISSING = {
    "the journal": ("state/journal.db", "journal", "amtsbote init"),
    "the partners": ("partners.toml", "partners.toml", "amtsbote init"),
    "the master key": ("keys/master.key", "master.key", "amtsbote init"),
    "the log key": ("keys/log.key", "log.key", "amtsbote init"),
    "the seal's key": ("keys/seal.key", "seal.key", "amtsbote init"),
    "the seal's certificate": ("keys/seal.crt", "seal.crt", "amtsbote init"),
    "the TLS key": ("keys/tls.key", "tls.key", "amtsbote init"),
    "the TLS certificate": ("keys/tls.crt", "tls.crt", "amtsbote init"),
    "anchors for seals": ("anchors/signers/ca.pem", "no trust anchor for seals", "put the CA's certificate"),
    "anchors for TLS clients": ("anchors/tls/ca.pem", "TLS clients", "put the CA's certificate"),
    "revocation lists of TLS clients": (
        "revocation/tls/tls.crl",
        "no revocation list",
        "put the CRL of every",
    ),
    "the guard of the log": ("guard/log.guard", "guard file", "bring it back"),
    "the spool": ("state/spool", "spool directory", "amtsbote init"),
}


@pytest.mark.parametrize("what", MISSING)
def test_serve_does_not_start_without(amtsbote, site, what):
    name, told, hint = MISSING[what]
    path = site / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = amtsbote("serve", "--config", site / "amtsbote.toml")

    assert (3, "") == (done.code, done.out)
    assert told in done.err
    assert hint in done.err.partition("hint: ")[2]
    assert not path.exists()


def test_everything_that_lacks_is_told_at_once_each_with_what_mends_it(amtsbote, site):
    for name, _, _ in MISSING.values():
        if name != "partners.toml":  # is read before anything is looked for
            path = site / name
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    done = amtsbote("serve", "--config", site / "amtsbote.toml")
    lines = done.err.splitlines()
    told = {
        what: [n for n, line in enumerate(lines) if words in line and "hint: " not in line]
        for what, (_, words, _) in MISSING.items()
    }
    del told["the partners"]

    assert (3, "") == (done.code, done.out)
    assert dict.fromkeys(told, 1) == {what: len(places) for what, places in told.items()}
    for what, (place,) in told.items():
        assert "hint: " in lines[place + 1]
        assert MISSING[what][2] in lines[place + 1]


def test_a_broken_seal_hides_no_other_lack(amtsbote, site):
    (site / "keys/seal.crt").write_text("no certificate")
    (site / "guard/log.guard").unlink()
    done = amtsbote("serve", "--config", site / "amtsbote.toml", language="de")

    assert 3 == done.code
    assert "seal.crt: erwartet: Zertifikate in PEM" in done.err
    assert "Die Wächterdatei fehlt" in done.err
    assert "Hinweis: Holen Sie sie zurück" in done.err


def test_a_key_that_others_can_read_is_refused_with_the_command_that_mends_it(amtsbote, site):
    (site / "keys/master.key").chmod(0o644)
    done = amtsbote("serve", "--config", site / "amtsbote.toml")

    assert 3 == done.code
    assert f"hint: chmod 0600 {site}/keys/master.key" in done.err.replace("\n", "")


def test_every_fault_of_both_files_is_told_at_once(amtsbote, site):
    config, partners = site / "amtsbote.toml", site / "partners.toml"
    text = config.read_text(encoding="utf-8").replace('host = "127.0.0.1"', "host = 7\nhots = 1")
    config.write_text(text.replace("#workers = 2", 'workers = "many"\n[typo]\nx = 1'), encoding="utf-8")
    partners.write_text(
        partners.read_text(encoding="utf-8").replace("tls_sha256", "tls_sha265", 1), encoding="utf-8"
    )
    done = amtsbote("serve", "--config", config)

    assert (3, "") == (done.code, done.out)
    for told in (
        "listen.host: expected a text in quotes, got 7",
        "listen.hots: unknown key",
        "verify.workers: expected a whole number, got 'many'",
        "typo: unknown key",
        "chamber[0].tls_sha265: unknown key",
        "chamber[0].tls_sha256: expected at least one SHA-256 fingerprint",
    ):
        assert told in done.err
    assert "hint: see the comments that amtsbote init writes into the file" in done.err


def test_a_transport_that_does_not_exist_is_told(amtsbote, site):
    partners = site / "partners.toml"
    partners.write_text(
        partners.read_text(encoding="utf-8").replace('"inbox"', '"pigeon"', 1), encoding="utf-8"
    )
    done = amtsbote("serve", "--config", site / "amtsbote.toml")

    assert 3 == done.code
    assert "pigeon" in done.err


def test_a_directory_too_deep_for_sockets_is_told_before_any_role_fails_on_it(amtsbote, world, tmp_path):
    deep = tmp_path / ("d" * 100)
    shutil.copytree(world.site, deep)
    done = amtsbote("serve", "--config", deep / "amtsbote.toml")

    assert 3 == done.code
    assert "too long" in done.err


def test_a_second_gateway_on_the_same_state_does_not_start(amtsbote, site):
    (site / "state/run").mkdir(exist_ok=True)
    with (site / "state/run/supervisor.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = amtsbote("serve", "--config", site / "amtsbote.toml")

    assert (3, "") == (done.code, done.out)
    assert f"a gateway runs already with the state in {site}/state" in done.err.replace("\n", "")
    assert "hint: stop that one first" in done.err


def test_a_fault_of_syntax_is_told_before_a_second_file_is_missed(amtsbote, tmp_path):
    (tmp_path / "amtsbote.toml").write_text("x = [")
    done = amtsbote("serve", "--config", tmp_path / "amtsbote.toml")

    assert (3, True) == (done.code, "amtsbote.toml: Invalid value" in done.err)
