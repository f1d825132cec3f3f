# What scripts that need a program share: `provide` installs it where that may be done.

installed() {
  for program in "$@"; do
    if command -v "$program" >/dev/null 2>&1; then return 0; fi
  done
  return 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  else
    sudo -n "$@"
  fi
}

can_install() {
  installed apt-get || return 1
  [ "$(id -u)" -eq 0 ] && return 0
  installed sudo && sudo -n true 2>/dev/null
}

apt_is_fresh=no
apt_install() {
  if [ "$apt_is_fresh" = no ]; then
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null 2>&1 || true
    apt_is_fresh=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=60 install \
    --no-install-recommends "$1" >/dev/null 2>&1
}

# provide PACKAGE PROGRAM...: one of the programs is there afterwards, or a note says how to get it.
provide() {
  package=$1
  shift
  if installed "$@"; then return 0; fi
  if can_install; then
    echo "installing $package"
    if apt_install "$package" && installed "$@"; then return 0; fi
  fi
  echo "$package is missing and could not be installed here: apt-get install $package" \
    "(macOS: brew install ${package%-server})" >&2
  return 1
}
