#!/usr/bin/env bash
# What building and testing needs besides Go, found or installed.
#
#   scripts/tools.sh TOOL…       go, cc, node, chromium, postgres: each must be there
#   scripts/tools.sh path TOOL   where it is, nothing if it is not; installs nothing
#
# A missing tool is installed as a Debian package if we are root on Debian;
# otherwise one line says what to install, and the exit code is 1.
set -euo pipefail

# Where Debian's Node is too old, a newer one is kept here.
tools=$(cd "$(dirname "$0")/.." && pwd)/.tools
PATH=$tools/node_modules/.bin:$PATH

# find_tool NAME prints the path of a usable one.
find_tool() {
	local p v
	case $1 in
	go | cc) command -v "$1" ;;
	node)
		command -v node >/dev/null && command -v npm >/dev/null || return 1
		v=$(node --version) && v=${v#v} && [ "${v%%.*}" -ge 20 ] && command -v node
		;;
	chromium)
		for p in chromium chromium-browser google-chrome-stable google-chrome; do
			command -v "$p" && return 0
		done
		return 1
		;;
	postgres)
		p=$(command -v postgres) && command -v initdb >/dev/null && echo "$p" && return 0
		# Debian keeps each version in a folder of its own, outside PATH.
		p=$(printf '%s\n' /usr/lib/postgresql/*/bin/postgres | sort -V | tail -n 1)
		[ -x "$p" ] && [ -x "${p%postgres}initdb" ] && echo "$p"
		;;
	*)
		echo "tools.sh: no tool is called '$1'" >&2
		exit 2
		;;
	esac
}

packages() {
	case $1 in
	cc) echo gcc libc6-dev ;;
	node) echo nodejs npm ;;
	chromium) echo chromium fonts-dejavu-core ;;
	postgres) echo postgresql ;;
	esac
}

why() {
	case $1 in
	go) echo "Go 1.26 or newer is needed and is not in PATH: see https://go.dev/doc/install" ;;
	cc) echo "a C compiler is needed for Go's race detector: install gcc (Debian: apt-get install gcc libc6-dev)" ;;
	node) echo "Node 20 or newer with npm is needed for the portal: see https://nodejs.org (Debian 13 and newer: apt-get install nodejs npm)" ;;
	chromium) echo "Chromium is needed for the browser tests (Debian: apt-get install chromium)" ;;
	postgres) echo "PostgreSQL 15 or newer is needed for the tests (Debian: apt-get install postgresql)" ;;
	esac
}

on_debian_as_root() {
	[ "$(id -u)" = 0 ] && command -v apt-get >/dev/null && [ -r /etc/os-release ] &&
		grep -qiE '^(ID|ID_LIKE)=.*debian' /etc/os-release
}

refreshed=
install_tool() {
	on_debian_as_root || return 1
	[ "$1" != go ] || return 1
	export DEBIAN_FRONTEND=noninteractive
	if [ -z "$refreshed" ]; then
		apt-get update -qq >&2 || return 1
		refreshed=1
	fi
	if [ "$1" = node ]; then
		# Debian 12 carries Node 18: it and its npm fetch a newer one from npm's packages.
		local v
		v=$(apt-cache policy nodejs | sed -n 's/^ *Candidate: *\([0-9]*\)\..*/\1/p')
		if [ "${v:-0}" -lt 20 ]; then
			command -v npm >/dev/null || apt-get install -y -qq --no-install-recommends nodejs npm >&2
			npm install --prefix "$tools" --no-save --no-audit --no-fund node@22 npm@11 >&2
			return
		fi
		# NodeSource's nodejs brings npm along and conflicts with Debian's.
		if apt-cache show nodejs 2>/dev/null | grep -q '^Version:.*nodesource'; then
			apt-get install -y -qq --no-install-recommends nodejs >&2
			return
		fi
	fi
	if [ "$1" = postgres ] && ! [ -e /etc/postgresql-common/createcluster.conf ]; then
		# The tests start servers of their own; the package need not start one.
		mkdir -p /etc/postgresql-common
		echo "create_main_cluster = false" >/etc/postgresql-common/createcluster.conf
	fi
	# shellcheck disable=SC2046 # several packages are several words
	apt-get install -y -qq --no-install-recommends $(packages "$1") >&2
}

if [ "${1:-}" = path ]; then
	find_tool "$2" || true
	exit 0
fi

missing=0
for tool in "$@"; do
	find_tool "$tool" >/dev/null && continue
	if on_debian_as_root && [ "$tool" != go ]; then
		echo "tools: installing $tool" >&2
		install_tool "$tool" || true
		find_tool "$tool" >/dev/null && continue
	fi
	echo "tools: $(why "$tool")" >&2
	missing=1
done
exit $missing
