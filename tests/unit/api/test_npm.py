from __future__ import annotations

from pathlib import Path

from preview_api.backends.local.npm import npm_configuration

HOME = Path("/home/user")


def test_where_packages_come_from_is_taken_and_nothing_else() -> None:
    environment = {
        "PATH": "/bin",
        "AWS_SECRET_ACCESS_KEY": "x",
        "npm_config_registry": "https://packages.example/",
        "NPM_CONFIG_CAFILE": "/ca.pem",
        "npm_config_//packages.example/:_authToken": "t",
        "npm_config_@scope:registry": "https://scope.example/",
        "npm_config_ignore_scripts": "false",
        "npm_config_prefix": "/usr",
        "HTTPS_PROXY": "http://proxy.example",
        "no_proxy": "localhost",
        "NODE_EXTRA_CA_CERTS": "/more.pem",
        "NODE_OPTIONS": "--require x",
    }
    taken = npm_configuration(environment, HOME)
    assert sorted(taken) == [
        "HTTPS_PROXY",
        "NODE_EXTRA_CA_CERTS",
        "NPM_CONFIG_CAFILE",
        "no_proxy",
        "npm_config_//packages.example/:_authToken",
        "npm_config_@scope:registry",
        "npm_config_registry",
        "npm_config_userconfig",
    ]


def test_the_users_own_configuration_is_found_although_a_session_has_another_home() -> None:
    assert npm_configuration({}, HOME) == {"npm_config_userconfig": "/home/user/.npmrc"}
    elsewhere = {"npm_config_userconfig": "/etc/mine"}
    assert npm_configuration(elsewhere, HOME) == elsewhere
