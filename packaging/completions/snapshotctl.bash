# bash completion for snapshotctl(1)

_snapshotctl_names() {
  # The daemon may be away: then there is nothing to offer, and nothing is said.
  snapshotctl "${bus[@]}" complete "$1" 2>/dev/null
}

_snapshotctl() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= part= word i
  local -a bus=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    case $word in
      --bus) bus=(--bus "${COMP_WORDS[i+1]}"); ((i++)) ;;
      -*) ;;
      *) if [[ -z $verb ]]; then verb=$word; elif [[ -z $part ]]; then part=$word; fi ;;
    esac
  done

  local verbs="status jobs job next run runs show cancel backups verify restore notify prune rescan reload check-config"
  local options="--bus --json --help" names=
  COMPREPLY=()
  case $prev in
    --bus) mapfile -t COMPREPLY < <(compgen -W "system session" -- "$cur"); return ;;
    --to) compopt -o dirnames; return ;;
    --config) compopt -o default; return ;;
    --since) mapfile -t COMPREPLY < <(compgen -W "today yesterday 1h 24h 7d" -- "$cur"); return ;;
    --target | --path | --schedule | --timezone | --from | -n | --number) return ;;
  esac
  case $verb in
    "") names=$verbs options="$options --version" ;;
    job) names=$(_snapshotctl_names jobs) ;;
    next) names=$(_snapshotctl_names jobs) options+=" --number --schedule --timezone --from" ;;
    run) names=$(_snapshotctl_names jobs) options+=" --target --wait --follow" ;;
    runs) names=$(_snapshotctl_names jobs) options+=" --failed --since --number" ;;
    prune) names=$(_snapshotctl_names jobs) options+=" --dry-run" ;;
    show | cancel) names=$(_snapshotctl_names runs) ;;
    backups) names=$(_snapshotctl_names jobs) ;;
    verify) names=$(_snapshotctl_names backups) options+=" --all" ;;
    restore)
      names=$(_snapshotctl_names backups) options+=" --to --path --force --no-verify"
      # Files where no backup is called so.
      [[ $cur == -* ]] || compopt -o default
      ;;
    notify)
      case $part in
        "") names="list test" ;;
        test) names=$(_snapshotctl_names notifiers) ;;
      esac
      ;;
    check-config) options+=" --config" ;;
  esac
  [[ $cur == -* ]] && names=$options
  mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
}

# In the daemon's order: the newest first.
complete -o nosort -F _snapshotctl snapshotctl
