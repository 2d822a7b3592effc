from __future__ import annotations

SITE = {
    "KWIP_ORIGIN": "https://kwip.example.org",
    "KWIP_TRUSTED_PROXIES": "1",
    "KWIP_LIVE_ORIGIN": "",
}
TLS = ("--tls-cert", "/etc/cert.pem", "--tls-key", "/etc/key.pem")


def test_a_configuration_of_nginx_has_what_the_options_say(kwip_in):
    addresses = ("--web", "10.0.0.1:8000", "--web", "web2:8000", "--live", "[::1]:81")

    run = kwip_in(SITE, "config", "nginx", *TLS, *addresses, "--rate", "7")

    assert (run.code, run.err) == (0, "")
    for server in ("10.0.0.1:8000", "web2:8000", "[::1]:81"):
        assert f"        server {server} max_fails=" in run.out
    assert 'ssl_certificate_key "/etc/key.pem";' in run.out
    assert "rate=7r/s" in run.out


def test_what_does_not_fit_is_an_error_that_names_it(kwip_in, tmp_path):
    inside = SITE | {
        "KWIP_TRUSTED_PROXIES": "0",
        "KWIP_LIVE_ORIGIN": "https://kwip.example.org:1",
    }
    odd = SITE | {"KWIP_MEDIA_FOLDER": '/srv/a"; evil'}
    plain = SITE | {"KWIP_ORIGIN": "http://kwip.example.org"}

    for environ, options, names in (
        (inside, TLS, ("KWIP_TRUSTED_PROXIES", "KWIP_LIVE_ORIGIN")),
        (SITE, (), ("--tls-cert", "--tls-key")),
        (plain, TLS, ("--tls-cert", "--tls-key")),
        (SITE, (*TLS, "--web", "a:1;evil", "--listen", "x"), ("--web", "--listen")),
        (odd, TLS, ("KWIP_MEDIA_FOLDER",)),
    ):
        run = kwip_in(environ, "config", "nginx", *options)
        assert (run.code, run.out) == (2, "")
        assert [name for name in names if f" {name}: " in run.err] == [*names]
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "assets"
    run = kwip_in(SITE, "config", "assets", folder)
    assert (run.code, run.err) == (2, f"kwip: {folder}: Not a directory\n")
