"""kubectl for one cluster."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# A call that takes longer hangs: the slowest one here is the first `explain`, which reads the whole OpenAPI document.
_CALL_SECONDS = 60


class KubectlFailed(RuntimeError):
    """The message is what kubectl wrote to stderr."""


@dataclass(frozen=True)
class Kubectl:
    binary: str
    kubeconfig: Path

    def __call__(self, *arguments: str, stdin: object = None) -> str:
        """Run it and answer its stdout. `stdin` is sent as it is if it is a string, else as JSON."""
        sent = stdin if isinstance(stdin, str) else json.dumps(stdin)
        command = [self.binary, f"--kubeconfig={self.kubeconfig}", *arguments]
        done = subprocess.run(command, input=sent, capture_output=True, text=True, timeout=_CALL_SECONDS, check=False)
        if done.returncode:
            raise KubectlFailed(done.stderr)
        return done.stdout

    def json(self, *arguments: str, stdin: object = None) -> Any:
        """The same with `-o json`, decoded."""
        return json.loads(self(*arguments, "--output=json", stdin=stdin))
