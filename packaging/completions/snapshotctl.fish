# fish completion for snapshotctl(1)

function __snapshotctl_names
    # Whatever bus was named is asked. The daemon may be away: then there is nothing to offer.
    set -l words (commandline -opc)
    set -l bus
    if set -l at (contains -i -- --bus $words)
        set bus --bus $words[(math $at + 1)]
    end
    snapshotctl $bus complete $argv[1] 2>/dev/null
end

set -l verbs status jobs job next run runs show cancel backups verify restore notify prune rescan reload check-config
set -l none "not __fish_seen_subcommand_from $verbs"

complete -c snapshotctl -f
complete -c snapshotctl -l bus -x -a "system session" -d "Where the daemon is"
complete -c snapshotctl -l json -d "JSON instead of tables"
complete -c snapshotctl -l help -d "Explain"
complete -c snapshotctl -n $none -l version -d "Print the version"

complete -c snapshotctl -n $none -a status -d "What runs, what comes next, what is not well"
complete -c snapshotctl -n $none -a jobs -d "Every job"
complete -c snapshotctl -n $none -a job -d "All of one job"
complete -c snapshotctl -n $none -a next -d "The next firings"
complete -c snapshotctl -n $none -a run -d "Back up now"
complete -c snapshotctl -n $none -a runs -d "What ran, newest first"
complete -c snapshotctl -n $none -a show -d "All of one run"
complete -c snapshotctl -n $none -a cancel -d "Stop a run"
complete -c snapshotctl -n $none -a backups -d "What is kept"
complete -c snapshotctl -n $none -a verify -d "Read backups again and compare"
complete -c snapshotctl -n $none -a restore -d "Get files back"
complete -c snapshotctl -n $none -a notify -d "Who is told of events, and can they be reached?"
complete -c snapshotctl -n $none -a prune -d "Remove what no rule keeps any more"
complete -c snapshotctl -n $none -a rescan -d "Rebuild the catalog from the manifests"
complete -c snapshotctl -n $none -a reload -d "Make the daemon read its configuration anew"
complete -c snapshotctl -n $none -a check-config -d "Is the configuration right?"

complete -c snapshotctl -n "__fish_seen_subcommand_from job next run runs backups prune" -a "(__snapshotctl_names jobs)"
complete -c snapshotctl -n "__fish_seen_subcommand_from show cancel" -a "(__snapshotctl_names runs)"
complete -c snapshotctl -n "__fish_seen_subcommand_from notify; and not __fish_seen_subcommand_from list test" -a "list test"
complete -c snapshotctl -n "__fish_seen_subcommand_from notify; and __fish_seen_subcommand_from test" -a "(__snapshotctl_names notifiers)"
complete -c snapshotctl -n "__fish_seen_subcommand_from verify restore" -a "(__snapshotctl_names backups)"

complete -c snapshotctl -n "__fish_seen_subcommand_from run" -l target -x -d "Only this target"
complete -c snapshotctl -n "__fish_seen_subcommand_from run" -l wait -d "Wait for its end"
complete -c snapshotctl -n "__fish_seen_subcommand_from run" -l follow -d "Wait and show progress"
complete -c snapshotctl -n "__fish_seen_subcommand_from runs" -l failed -d "Only those that did not succeed"
complete -c snapshotctl -n "__fish_seen_subcommand_from runs" -l since -x -a "today yesterday 1h 24h 7d" -d "Only later ones"
complete -c snapshotctl -n "__fish_seen_subcommand_from runs next" -s n -l number -x -d "At most so many"
complete -c snapshotctl -n "__fish_seen_subcommand_from next" -l schedule -x -d "Any cron expression"
complete -c snapshotctl -n "__fish_seen_subcommand_from next" -l timezone -x -d "Its time zone"
complete -c snapshotctl -n "__fish_seen_subcommand_from next" -l from -x -d "From this time on"
complete -c snapshotctl -n "__fish_seen_subcommand_from verify" -l all -d "Every backup"
complete -c snapshotctl -n "__fish_seen_subcommand_from restore" -F
complete -c snapshotctl -n "__fish_seen_subcommand_from restore" -l to -x -a "(__fish_complete_directories)" -d "The folder"
complete -c snapshotctl -n "__fish_seen_subcommand_from restore" -l path -x -d "Only this path"
complete -c snapshotctl -n "__fish_seen_subcommand_from restore" -l force -d "Replace files that exist"
complete -c snapshotctl -n "__fish_seen_subcommand_from restore" -l no-verify -d "Do not compare the checksum"
complete -c snapshotctl -n "__fish_seen_subcommand_from prune" -l dry-run -d "Only say what would be removed"
complete -c snapshotctl -n "__fish_seen_subcommand_from check-config" -l config -r -F -d "The file to check"
