# bash completion for maitred, maitred-eye and maitredctl. Verbs and options are asked of the
# program itself, so they are always those of the installed version.

# The words of a section of --help: 'Subcommands:' or 'Options:'.
_maitred_words() {
  local section=$1
  shift
  "$@" --help 2> /dev/null | while IFS= read -r line; do
    case "$line" in
      "$section:") inside=1 ;;
      '') inside= ;;
      '  '[a-z-]*)
        [ -n "$inside" ] || continue
        line=${line#  }
        line=${line%% *}
        printf '%s\n' "${line//,/ }"
        ;;
    esac
  done
}

_maitred_configuration() {
  local index
  for ((index = 1; index < COMP_CWORD; ++index)); do
    case "${COMP_WORDS[index]}" in
      -c | --config)
        printf '%s\n' "${COMP_WORDS[index + 1]}"
        return
        ;;
    esac
  done
  printf '%s\n' "${MAITRED_CONFIG:-/etc/maitred/maitred.toml}"
}

_maitred_cameras() {
  sed -n '/^\[\[camera\]\]/,/^\[[^[]/s/^[[:space:]]*name[[:space:]]*=[[:space:]]*"\([^"]*\)".*/\1/p' \
    "$(_maitred_configuration)" 2> /dev/null
}

_maitred() {
  local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]}
  local previous=${COMP_WORDS[COMP_CWORD - 1]}
  local verbs=() index skip=
  COMPREPLY=()
  for ((index = 1; index < COMP_CWORD; ++index)); do
    if [ -n "$skip" ]; then
      skip=
      continue
    fi
    case "${COMP_WORDS[index]}" in
      -c | --config) skip=1 ;;
      -*) ;;
      *) if [ ${#verbs[@]} -lt 2 ]; then verbs+=("${COMP_WORDS[index]}"); fi ;;
    esac
  done
  case "$previous" in
    -c | --config | --photo | --receipt | --report | --from)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --camera)
      mapfile -t COMPREPLY < <(compgen -W "$(_maitred_cameras)" -- "$current")
      return
      ;;
    --scope)
      mapfile -t COMPREPLY < <(compgen -W \
        'recognition history feedback sentiment template-improvement photos' -- "$current")
      return
      ;;
    --status)
      mapfile -t COMPREPLY < <(compgen -W 'bought out_of_stock returned' -- "$current")
      return
      ;;
  esac
  if [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W \
      "$(_maitred_words Options "$program" "${verbs[@]}") $(_maitred_words Options "$program")" \
      -- "$current")
    return
  fi
  local words
  words=$(_maitred_words Subcommands "$program" "${verbs[@]}")
  [ "${program##*/}" != maitred-eye ] || words=$(_maitred_cameras)
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  # Verbs that take a file or a folder.
  case "${verbs[0]-}" in
    import | evaluate | backup | restore | receipt)
      [ ${#COMPREPLY[@]} -gt 0 ] || mapfile -t COMPREPLY < <(compgen -f -- "$current")
      ;;
  esac
}

complete -o filenames -F _maitred maitred maitred-eye maitredctl
