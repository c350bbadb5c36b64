"""The cases of contract section 6, by their numbers."""

from __future__ import annotations

import pytest
from tests.unit.analysis.cases import CASES, MANIFEST
from tests.unit.analysis.project import APP, CARD, TREE, S, levels, replaced, report

from preview_core.batch import Incoming, apply


@pytest.mark.parametrize(("files", "level", "change_type"), CASES)
def test_a_case_of_the_contract_has_its_level(files: dict[str, str | None], level: str, change_type: str) -> None:
    (entry,) = report(files)["changes"]
    assert (entry["level"], entry["changeType"]) == (level, change_type), entry["reason"]
    assert entry["canHotReload"] == (level in {"noop", "css", "refresh"})
    assert entry["requiresDeployment"] == (level == "backend")


def test_10_a_new_component_with_import_and_use_in_one_batch_is_refreshed() -> None:
    app = "import { Other } from './Other';\n" + APP.replace("<h1>", "<Other /><h1>")
    assert levels({S + "App.tsx": app, S + "Other.tsx": "export const Other = () => <i />;"}) == ["refresh", "refresh"]


def test_18_styles_beside_a_backend_file_stay_hot() -> None:
    found = report({"src/backend/main.mo": "actor { }", **replaced(S + "styles.css", "red", "blue")})
    assert found["strategy"] == "hot-reload"
    assert [change["requiresDeployment"] for change in found["changes"]] == [True, False]


def test_18_a_backend_file_alone_is_deployed() -> None:
    assert report({"src/backend/main.mo": "actor { }"})["strategy"] == "full-deploy"
    assert report({"src/backend/main.mo": "actor { }", "README.md": "x"})["strategy"] == "full-deploy"


def test_21_the_mend_of_a_syntax_error_is_refreshed() -> None:
    broken = apply(TREE, [Incoming(S + "App.tsx", APP.replace("</h1>", ""))]).tree
    assert levels({S + "App.tsx": APP}, broken) == ["refresh"]


def test_23_a_rename_with_its_importers_is_refreshed() -> None:
    files = {
        S + "components/Card.tsx": None,
        S + "components/Tile.tsx": CARD,
        S + "App.tsx": APP.replace("./components/Card", "./components/Tile"),
    }
    assert sorted(levels(files)) == ["noop", "refresh", "refresh"]


def test_a_key_of_a_manifest_in_another_place_is_a_noop() -> None:
    first = '{"dependencies": {"react": "^18.0.0", "react-dom": "^18.0.0"}, "name": "app"}'
    assert levels({MANIFEST: first}) == ["noop"]
