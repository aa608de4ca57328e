"""Tests of the tests: each patch here puts one mistake into a copy of kmemlab, and something named must notice.

A mutant meets `kmemlab verify` on the recordings below first, in this order. What gets past them meets one test. Both have
passed on the copy without a patch, or being killed would mean nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
TOP = HERE.parent.parent
PATCHES = {path.stem: path for path in sorted(HERE.glob("*.patch"), key=lambda path: int(path.stem.partition("-")[0]))}
PATIENCE = 120  # seconds for one run

# The quick ones, in the order in which they are checked.
RECORDINGS = (
    "geometry-2.6.23.csv.gz",
    "merge-2.6.24.csv.gz",
    "kmalloc-and-defaults.json",
    "res_counter_charge.csv.gz",
    "res_counter_parse.csv.gz",
    "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "traces/empties_flush-a-2.6.23.csv.gz",
    "traces/partial_stress-a-2.6.24.csv.gz",
    "traces/shrink_ties-a-2.6.24.csv.gz",
    "traces/remote_fifo-a-2.6.24.csv.gz",
    "traces/create_destroy-a-2.6.24.csv.gz",
    "traces/real_meta-a-2.6.24.csv.gz",
)

# What kills each: the recording that verify fails first, or a test.
KILLERS = {
    "01-min-partial-off-by-one": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "02-freed-full-slab-to-wrong-end": "traces/partial_stress-a-2.6.24.csv.gz",
    "03-flushed-cpu-list-not-reversed": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "04-shrink-ties-not-reversed": "traces/shrink_ties-a-2.6.24.csv.gz",
    "05-shrink-ascending": "traces/shrink_ties-a-2.6.24.csv.gz",
    "06-caller-flushed-first": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "07-partial-taken-from-tail": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "08-initial-free-list-reversed": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "09-deactivated-slab-to-tail": "traces/shrink_ties-a-2.6.24.csv.gz",
    "10-empty-slab-to-head": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "11-empty-slab-kept": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "12-remote-free-joins-owners-list": "traces/empties_flush-a-2.6.23.csv.gz",
    "13-cpu-dead-oldest-cache-first": "traces/cpu_dead_empties-a-2.6.24.csv.gz",
    "14-unaligned-pages": "traces/create_destroy-a-2.6.24.csv.gz",
    "15-frozen-slab-given-back-when-empty": (
        "tests/engine/test_slub_cpu_slab.py::test_a_slab_that_another_cpu_empties_stays_with_the_cpu_that_holds_it"
    ),
    "16-refused-object-lost": "tests/engine/test_notify.py::test_after_a_refusal_the_same_object_is_next",
    "17-refused-slab-keeps-its-pages": (
        "tests/engine/test_notify.py::test_refused_pages_go_back_and_the_earlier_listeners_hear_them_go_last_first"
    ),
    "18-pages-given-back-before-listeners-hear": (
        "tests/engine/test_killed_mutants.py::test_a_listener_hears_of_a_slab_that_goes_while_it_still_has_its_pages"
    ),
    "19-owner-stored-before-the-charge": (
        "tests/engine/test_kmem_charge.py::test_the_steps_of_a_charge_come_in_the_order_of_the_fact_sheet"
    ),
    "20-whoever-frees-is-paid-back": (
        "tests/engine/test_kmem_charge.py::test_whoever_frees_the_object_the_container_that_paid_is_paid_back"
    ),
    "21-reference-never-taken": (
        "tests/engine/test_kmem_charge.py::test_each_object_costs_the_size_of_the_cache_and_one_reference"
    ),
    "22-reference-not-put": (
        "tests/engine/test_containers.py::test_rmdir_is_busy_while_anything_refers_to_the_container_and_goes_when_it_is_gone"
    ),
    "23-refusal-keeps-the-reference": (
        "tests/engine/test_kmem_charge.py::test_the_steps_of_a_refusal_end_before_the_owner_is_stored"
    ),
    "24-array-not-freed-with-its-slab": "tests/engine/test_owner_arrays.py::test_no_array_is_left_when_every_slab_is_gone",
    "25-array-of-half-pointers": (
        "tests/engine/test_owner_arrays.py::test_an_array_has_a_pointer_for_each_object_and_lands_in_the_kmalloc_cache_of_that_size"
    ),
    "26-slab-without-array-accepted": (
        "tests/engine/test_owner_arrays.py::test_the_nth_array_that_cannot_be_had_sends_the_pages_back_and_moves_no_failcnt"
    ),
    "27-charge-objsize": "tests/engine/test_kmem_charge.py::test_the_last_object_that_fits_fits_exactly",
    "28-uncharge-objsize": "tests/engine/test_kmem_charge.py::test_charges_do_not_move_with_the_task",
    "29-charge-climbs-to-the-root": "tests/engine/test_kmem_charge.py::test_charges_never_climb",
    "30-owner-not-cleared": "tests/engine/test_kmem_charge.py::test_charges_do_not_move_with_the_task",
    "31-unowned-slab-refuses": (
        "tests/engine/test_kmem_switch.py::test_objects_from_before_stay_unpaid_and_so_do_new_ones_on_their_slab"
    ),
    "32-refusal-names-nobody": "tests/engine/test_kmem_charge.py::test_the_steps_of_a_refusal_end_before_the_owner_is_stored",
    "33-off-with-one-object-left": "tests/engine/test_kmem_switch.py::test_off_is_busy_while_one_object_is_in_use",
    "34-kmalloc-may-be-switched-off": "tests/engine/test_kmem_switch.py::test_every_kmalloc_cache_is_refused_on_and_off",
    "35-switching-off-keeps-the-arrays": (
        "tests/engine/test_owner_arrays.py::test_switching_off_takes_the_arrays_of_empty_slabs_away"
    ),
    "36-failcnt-written-to-limit": "tests/engine/test_kmem_charge.py::test_failcnt_can_be_set_back_and_usage_cannot_be_written",
    "37-exact-fit-refused": "res_counter_charge.csv.gz",
    "38-sum-does-not-wrap": "res_counter_charge.csv.gz",
    "39-failcnt-on-success": "res_counter_charge.csv.gz",
    "40-refused-charge-kept": "res_counter_charge.csv.gz",
    "41-uncharge-not-clamped": "res_counter_charge.csv.gz",
    "42-newline-of-echo-accepted": "res_counter_parse.csv.gz",
    "43-digits-saturate": "res_counter_parse.csv.gz",
    "44-memory-parser-rounds-down": "res_counter_parse.csv.gz",
    "45-unwound-in-order-of-registration": (
        "tests/engine/test_notify.py::test_a_refused_object_goes_back_and_the_earlier_listeners_hear_it_go_last_first"
    ),
    "46-refuser-told-free": (
        "tests/engine/test_notify.py::test_a_refused_object_goes_back_and_the_earlier_listeners_hear_it_go_last_first"
    ),
    "47-refused-pages-not-unwound": (
        "tests/engine/test_notify.py::test_refused_pages_go_back_and_the_earlier_listeners_hear_them_go_last_first"
    ),
    "48-freepage-in-order-of-registration": (
        "tests/engine/test_notify.py::test_listeners_hear_what_comes_in_order_and_what_goes_in_reverse"
    ),
    "49-switched-not-called": "tests/engine/test_notify.py::test_switching_tells_the_listener_once",
    "50-last-switched-hears-last": (
        "tests/engine/test_notify.py::test_listeners_are_told_in_the_order_of_their_registration_not_of_their_switching"
    ),
    "51-lower-half-given-back": "tests/engine/test_buddy.py::test_a_block_is_halved_until_it_fits_and_the_upper_halves_stay",
    "52-largest-block-split-first": (
        "tests/engine/test_buddy.py::test_the_smallest_block_that_is_large_enough_is_taken_from_the_head_of_its_list"
    ),
    "53-neighbour-taken-for-buddy": (
        "tests/engine/test_killed_mutants.py::test_neighbours_that_are_no_buddies_do_not_join_whichever_is_freed_first"
    ),
    "54-no-merge": "tests/engine/test_buddy.py::test_a_freed_block_joins_its_buddy_for_as_long_as_that_is_free_and_whole",
    "55-merge-stops-one-order-short": "tests/engine/test_killed_mutants.py::test_blocks_merge_up_to_order_ten_and_no_further",
    "56-buddy-of-a-lower-order-joined": (
        "tests/engine/test_killed_mutants.py::test_a_block_of_which_only_the_lower_half_is_free_is_no_buddy"
    ),
    "57-freed-block-to-tail": (
        "tests/engine/test_buddy.py::test_the_smallest_block_that_is_large_enough_is_taken_from_the_head_of_its_list"
    ),
    "58-constructor-merged": "merge-2.6.24.csv.gz",
    "59-a-pointer-of-slack-merged": "merge-2.6.24.csv.gz",
    "60-reclaimable-merged-with-other": "merge-2.6.24.csv.gz",
    "61-alias-takes-no-reference": "merge-2.6.24.csv.gz",
    "62-alignment-of-rounded-size": "geometry-2.6.23.csv.gz",
    "63-free-pointer-inside-constructed-object": "geometry-2.6.23.csv.gz",
    "64-half-a-cache-line-aligned": "geometry-2.6.23.csv.gz",
    "65-half-wasted-accepted": "merge-2.6.24.csv.gz",
    "66-cpu-list-saved-in-order-of-address": (
        "tests/engine/test_killed_mutants.py::test_a_restored_cpu_hands_out_what_was_freed_last"
    ),
    "67-partial-list-restored-reversed": "tests/engine/test_killed_mutants.py::test_a_restored_partial_list_is_in_its_order",
    "68-restored-cpu-slab-not-frozen": (
        "tests/engine/test_state_and_restore.py::test_restoring_gives_the_same_state_in_a_new_machine_and_in_the_old_one"
    ),
    "69-restored-births-counted-anew": (
        "tests/engine/test_killed_mutants.py::test_a_restored_cache_goes_on_counting_births_where_it_was"
    ),
    "70-stale-checkpoints-kept": (
        "tests/session/test_time_travel.py::test_checkpoints_of_commands_that_were_dropped_are_never_gone_back_to"
    ),
    "71-log-not-rewound": "tests/session/test_time_travel.py::test_every_event_sought_is_the_machine_that_met_it_on_the_way",
    "72-freed-object-keeps-the-red-zone-of-one-in-use": (
        "tests/engine/test_slub_debug_contents.py::test_a_free_object_is_poison_red_zone_pointer_tracks_padding_and_one_in_use_keeps_its_pointer"
    ),
    "73-found-and-not-restored": (
        "tests/engine/test_slub_debug_contents.py::test_a_clobbered_red_zone_is_two_reports_and_so_are_poison_and_padding"
    ),
    "74-damaged-object-freed": (
        "tests/engine/test_slub_debug_contents.py::test_a_damaged_object_is_not_freed_and_the_next_free_of_the_slab_is_as_good_as_ever"
    ),
    "75-damaged-slab-handed-out": (
        "tests/engine/test_slub_debug_contents.py::test_a_slab_whose_next_object_is_damaged_is_given_up_and_another_one_taken"
    ),
    "76-last-byte-of-poison-not-checked": (
        "tests/engine/test_slub_debug_contents.py::test_a_clobbered_red_zone_is_two_reports_and_so_are_poison_and_padding"
    ),
    "77-count-not-adjusted": (
        "tests/engine/test_slub_debug_contents.py::test_a_clobbered_next_pointer_is_three_reports_two_after_its_repair_then_none"
    ),
    "78-damage-forgotten-by-a-checkpoint": (
        "tests/engine/test_slub_debug_contents.py::test_a_machine_with_damage_is_saved_and_restored_and_finds_the_same"
    ),
    "79-full-slabs-not-validated": (
        "tests/engine/test_slub_debug_contents.py::test_validate_sees_full_slabs_only_where_users_are_tracked"
    ),
    "80-cut-off-one-too-early": (
        "tests/engine/test_slub_debug_contents.py::test_the_last_pointer_of_a_list_loses_nothing_when_it_is_cut_off"
    ),
    "81-stale-pointer-cleared": (
        "tests/engine/test_slub_debug_contents.py::test_a_free_object_is_poison_red_zone_pointer_tracks_padding_and_one_in_use_keeps_its_pointer"
    ),
    "82-lower-neighbour-taken-for-buddy": "tests/engine/test_buddy.py::test_two_neighbours_that_are_no_buddies_do_not_join",
    "83-half-free-buddy-joined": "tests/engine/test_buddy.py::test_a_buddy_that_is_free_at_a_lower_order_only_is_not_joined",
    "84-agent-stored-by-a-refused-remount": (
        "tests/engine/test_mounts.py::test_a_remount_with_options_that_are_wrong_stores_nothing"
    ),
    "85-children-keep-the-old-path": (
        "tests/engine/test_mounts.py::test_a_renamed_container_is_the_same_one_in_its_place_under_its_new_path"
    ),
    "86-tasks-keep-it-from-being-releasable": (
        "tests/engine/test_release_agent.py::test_releasable_says_whether_a_user_went_since_the_flag_was_written"
    ),
    "87-root-released-by-objects": (
        "tests/engine/test_release_agent.py::test_objects_of_the_root_are_not_counted_so_it_is_not_releasable_by_them"
    ),
    "88-task-exit-always-releasable": (
        "tests/engine/test_release_agent.py::test_releasable_says_whether_a_user_went_since_the_flag_was_written"
    ),
    "89-rmdir-leaves-the-parent-unreleasable": (
        "tests/engine/test_release_agent.py::test_releasable_says_whether_a_user_went_since_the_flag_was_written"
    ),
    "90-flag-of-65-bits": "tests/engine/test_container_files.py::test_a_flag_is_a_decimal_number_of_64_bits_that_is_not_0",
    "91-write-counted-in-characters": "tests/engine/test_container_files.py::test_a_write_is_measured_in_bytes",
    "92-owner-by-real-uid": "tests/engine/test_container_files.py::test_a_container_belongs_to_the_effective_user_of_its_maker",
    "93-mover-by-real-uid": (
        "tests/engine/test_container_files.py::test_who_is_not_root_moves_tasks_whose_uid_or_saved_uid_is_his_euid"
    ),
    "94-rename-says-eio-first": "tests/engine/test_mounts.py::test_a_rename_keeps_the_parent_and_takes_no_name_that_is_there",
    "95-restored-agent-runs-again": (
        "tests/engine/test_release_agent.py::test_who_was_told_of_is_not_told_of_again_after_a_restore"
    ),
    "96-draining-not-made-anew": "tests/engine/test_release_agent.py::test_who_waits_for_the_agent_still_waits_after_a_restore",
    "97-target-of-a-rename-unchecked": "tests/engine/test_container_files.py::test_who_renames_may_write_where_it_goes_too",
    "98-given-away-with-children": (
        "tests/engine/test_container_files.py::test_what_is_below_a_container_that_is_given_away_stays_whose_it_is"
    ),
    "99-orphan-to-grandparent": "tests/engine/test_tasks_fork_exit.py::test_an_orphan_belongs_to_init",
    "100-locks-dropped-with-the-last-descriptor": (
        "tests/engine/test_signals.py::test_locks_end_when_their_owner_closes_the_file_though_a_child_has_it_open"
    ),
    "101-kill-by-euid-of-the-task": "tests/engine/test_signals.py::test_a_task_is_ended_by_its_own_user_and_by_root",
    "102-kill-by-real-root": "tests/engine/test_signals.py::test_a_task_is_ended_by_its_own_user_and_by_root",
    "103-stack-does-not-wait": "tests/engine/test_rcu.py::test_a_task_that_ended_is_paid_for_and_keeps_its_stack_until_then",
    "104-failed-fork-waits": (
        "tests/engine/test_rcu.py::test_nobody_has_seen_the_task_of_a_fork_that_failed_so_it_does_not_wait"
    ),
    "105-newest-callback-first": "tests/engine/test_rcu.py::test_what_waited_longest_is_freed_first_and_so_used_last",
    "106-unseen-dentry-waits": "tests/engine/test_rcu.py::test_a_dentry_that_was_never_hashed_does_not_wait",
    "107-newest-packet-freed-first": "tests/engine/test_irq_payer.py::test_the_oldest_packet_is_freed_first",
    "108-kthread-pays-as-current": "tests/engine/test_irq_payer.py::test_the_policy_says_who_pays",
    "109-tracked-as-the-kernels-from-then-on": (
        "tests/engine/test_slub_debug_contents.py::test_after_an_interrupt_the_task_that_runs_is_tracked_again"
    ),
    "110-oldest-map-unmapped-first": (
        "tests/engine/test_mm.py::test_exit_unmaps_the_newest_map_first_so_the_oldest_ones_place_is_used_next"
    ),
    "111-buffers-freed-last-first": (
        "tests/engine/test_sockets.py::test_a_pipes_pages_are_freed_from_the_first_on_so_the_last_is_used_next"
    ),
    "112-message-without-shared-info": "tests/engine/test_sockets.py::test_each_call_takes_its_objects_in_the_kernels_order",
    "113-newest-signal-first": (
        "tests/engine/test_signals.py::test_exit_frees_signals_and_locks_from_the_oldest_on_timers_from_the_newest_on"
    ),
    "114-oldest-timer-first": (
        "tests/engine/test_signals.py::test_exit_frees_signals_and_locks_from_the_oldest_on_timers_from_the_newest_on"
    ),
    "115-newest-lock-first": (
        "tests/engine/test_signals.py::test_exit_frees_signals_and_locks_from_the_oldest_on_timers_from_the_newest_on"
    ),
    "116-first-mount-first": "tests/engine/test_signals.py::test_the_last_mount_of_a_namespace_is_freed_first",
    "117-request-before-spare": (
        "tests/engine/test_signals.py::test_a_locks_spare_goes_back_before_its_request_which_the_next_lock_takes"
    ),
    "118-pids-sorted-as-text": "tests/engine/test_files_and_sysfs.py::test_proc_lists_tasks_by_number_and_not_as_text",
    "119-comm-by-real-uid": "tests/engine/test_container_files.py::test_a_tasks_name_belongs_to_its_effective_user",
    "120-large-kmalloc-freed-from-the-middle": (
        "tests/engine/test_kmalloc.py::test_what_kmalloc_never_gave_cannot_be_given_back"
    ),
    "121-odd-sizes-made-last": "kmalloc-and-defaults.json",
    "122-exact-fit-blamed-on-the-limit": (
        "tests/traces/test_replay_fd.py::test_a_limit_is_blamed_only_for_what_it_would_not_have_let_in"
    ),
    "123-replay-logs-one-task": "tests/traces/test_replay_fd.py::test_an_event_of_a_replay_is_logged_as_the_task_that_asked",
    "124-first-released-told-of-first": (
        "tests/engine/test_release_agent.py::test_of_several_that_are_released_in_one_command_the_last_is_told_of_first"
    ),
    "125-released-waits-for-an-agent": "tests/engine/test_release_agent.py::test_the_agent_does_not_run",
    "126-waiting-stacks-not-compared": "tests/engine/test_rcu.py::test_check_sees_two_tasks_that_wait_with_one_stack",
    "127-waiting-stack-without-pages": "tests/engine/test_rcu.py::test_check_sees_a_stack_that_was_freed_before_its_task",
    "128-order-nine-need-not-merge": (
        "tests/engine/test_check_bites.py::test_two_free_buddies_of_any_order_that_merges_are_noticed"
    ),
    "129-last-descriptor-not-looked-at": (
        "tests/engine/test_check_bites.py::test_a_broken_machine_is_noticed_and_the_rule_is_named"
    ),
    "130-array-is-its-slabs-first-object": (
        "tests/engine/test_check_bites.py::test_a_broken_machine_is_noticed_and_the_rule_is_named"
    ),
    "131-paying-in-one-tree-is-enough": (
        "tests/engine/test_check_hierarchies.py::test_a_broken_hierarchy_is_noticed_and_the_rule_is_named"
    ),
    "132-removed-may-wait-for-the-agent": (
        "tests/engine/test_check_hierarchies.py::test_a_broken_hierarchy_is_noticed_and_the_rule_is_named"
    ),
    "133-path-checked-by-its-end": (
        "tests/engine/test_check_hierarchies.py::test_a_broken_hierarchy_is_noticed_and_the_rule_is_named"
    ),
    "134-waiting-name-not-checked": "tests/engine/test_rcu.py::test_check_sees_a_name_that_was_freed_before_its_dentry",
    "135-negative-name-not-checked": "tests/engine/test_check_held.py::test_check_finds",
    "136-only-the-oldest-packet-checked": "tests/engine/test_check_held.py::test_check_finds",
    "137-only-the-first-buffer-checked": "tests/engine/test_check_held.py::test_check_finds",
    "138-too-many-ends": "tests/engine/test_check_held.py::test_check_finds",
    "139-slab-batch-always-16": "tests/engine/test_slab.py::test_an_array_that_is_used_is_filled_with_a_whole_batch",
    "140-slab-partial-to-head": (
        "tests/engine/test_slab.py::test_a_slab_that_loses_an_object_waits_at_the_end_of_the_partial_list"
    ),
    "141-slab-free-limit-off-by-one": (
        "tests/engine/test_slab.py::test_free_slabs_are_kept_up_to_free_limit_and_reap_takes_a_fifth_of_it_from_the_end"
    ),
    "142-slab-refused-descriptor-leaks": (
        "tests/engine/test_slab_accounting.py::test_every_page_that_cannot_be_had_leaves_nothing_behind"
    ),
    "143-slab-refused-object-lost": (
        "tests/engine/test_slab_accounting.py::test_the_limit_refuses_and_the_object_is_on_top_of_the_array_again"
    ),
    "144-slab-one-colour-too-many": "tests/engine/test_slab.py::test_colours_take_turns",
    "145-slab-shared-from-the-bottom": "tests/engine/test_slab.py::test_the_shared_array_hands_objects_from_cpu_to_cpu",
    "146-slab-full-slabs-not-walked": (
        "tests/engine/test_slab_accounting.py::test_off_finds_the_objects_of_full_slabs_and_pays_them_back"
    ),
    "147-slab-reap-drains-the-busy": (
        "tests/engine/test_slab.py::test_reap_leaves_what_was_touched_and_takes_a_fifth_of_what_was_idle"
    ),
    "148-slab-list-inside-by-size": "tests/engine/test_slab_geometry.py::test_the_layout_of_6_1",
    "149-slab-off-tells-of-parked": (
        "tests/engine/test_slab_accounting.py::test_off_finds_the_objects_of_full_slabs_and_pays_them_back"
    ),
    "150-null-taken-for-no-memory": ("tests/engine/test_oops.py::test_a_null_crashes_the_machine_and_the_console_tells_how"),
    "151-wired-hooks-let-listeners-in": ("tests/engine/test_patchset.py::test_before_v3_nobody_but_the_controller_can_listen"),
    "152-crash-outlives-a-restore": ("tests/engine/test_oops.py::test_the_crash_is_state_and_goes_with_it"),
    "153-state-asks-for-no-page": ("tests/engine/test_oops.py::test_an_error_pointer_is_no_memory_and_nothing_has_changed"),
    "154-late-kmem-in-its-old-place": (
        "tests/engine/test_patchset.py::test_before_v2_kmem_comes_behind_the_subsystems_that_are_compiled_in"
    ),
    "155-toggle-in-capitals": ("tests/engine/test_patchset.py::test_before_v2_the_toggle_has_words"),
    "156-claim-leaves-the-owner": ("tests/engine/test_off.py::test_a_long_random_life_keeps_every_invariant"),
    "157-drain-charges-in-old-slabs": ("tests/engine/test_off.py::test_a_new_on_meets_an_old_generation"),
    "158-charged-list-keeps-what-went": ("tests/engine/test_off.py::test_only_what_joins_or_leaves_the_charged_list_pays"),
    "159-kmalloc-by-distance": (
        "tests/engine/test_slab_machine.py::test_a_slab_machine_goes_on_after_a_way_back_as_it_did_the_first_time"
    ),
    "160-nobodys-objects-drain": "tests/engine/test_off.py::test_what_is_nobodys_is_not_waited_for",
    "161-marked-call-left-to-its-cache": (
        "tests/engine/test_recursion.py::test_a_marked_call_is_charged_where_the_slab_was_born_before_its_cache_was_accounted"
    ),
    "162-array-of-a-page-in-an-area": "tests/engine/test_marked_calls.py::test_an_array_of_a_whole_page_is_kmallocs",
    "163-charged-list-oldest-first": "tests/engine/test_off.py::test_a_walk_of_the_charged_list_begins_with_the_newest_slab",
    "164-alias-keeps-inuse": "merge-2.6.24.csv.gz",
    "165-drain-counts-one-pointer": "tests/engine/test_off.py::test_drain_looks_at_every_pointer_of_the_arrays_it_can_find",
    "166-tail-of-a-list-unchecked": "tests/engine/test_slab.py::test_the_check_bites",
    "167-paid-objects-unseen": (
        "tests/engine/test_marked_calls.py::test_objects_of_caches_are_seen_where_somebody_pays_and_only_there"
    ),
    "168-still-selected-cells-pale": (
        "tests/lab/test_still_views.py::test_the_selected_containers_cells_are_solid_and_the_array_under_them_too"
    ),
    "169-still-gauges-on-scales-of-their-own": (
        "tests/lab/test_still_views.py::test_each_containers_gauge_is_as_long_as_its_usage"
    ),
    "170-still-list-from-its-tail": (
        "tests/lab/test_still_views.py::test_each_cell_of_a_slab_view_is_its_owners_or_has_its_turn"
    ),
}
QUICK = {
    "01-min-partial-off-by-one",
    "19-owner-stored-before-the-charge",
    "45-unwound-in-order-of-registration",
    "53-neighbour-taken-for-buddy",
}
MARKED = [pytest.param(name, marks=() if name in QUICK else pytest.mark.long) for name in KILLERS]


class Copy:
    """A copy of kmemlab and its tests in a folder of its own, which may be spoilt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("kmemlab", "tests"):
            # Not a compiled engine, nor what would run in place of a patched module.
            shutil.copytree(
                TOP / name, folder / name, ignore=shutil.ignore_patterns("data", "mutants", "*.so", "*.pyd", "__pycache__")
            )
        (folder / "kmemlab" / "data").symlink_to(TOP / "kmemlab" / "data", target_is_directory=True)
        shutil.copy(TOP / "pyproject.toml", folder)

    def python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python on the copy. Lists, not vectors: the mistake is in the rules, not in how they are compiled."""
        env = {**os.environ, "PYTHONPATH": str(self.folder), "PYTEST_ADDOPTS": "", "KMEMLAB_PURE": "1"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=self.folder, env=env, capture_output=True, text=True, timeout=PATIENCE
        )

    def apply(self, patch: Path) -> None:
        """Put the mistake in; a patch that does not apply, or would apply in two places, fails the test."""
        ((file, hunks),) = hunks_of(patch)
        text = (self.folder / file).read_text(encoding="utf-8")
        for old, new in hunks:
            assert text.count(old) == 1, f"{patch.name}: {file} has this {text.count(old)} times, not once:\n{old}"
            assert old != new
        env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(self.folder.parent)}
        applied = subprocess.run(
            ["git", "apply", "--whitespace=nowarn", str(patch)], cwd=self.folder, env=env, capture_output=True, text=True
        )
        assert applied.returncode == 0, f"{patch.name} does not apply: {applied.stderr}"
        assert (self.folder / file).read_text(encoding="utf-8") != text
        module = file.removesuffix(".py").replace("/", ".")
        imported = self.python("-c", f"import {module}; print({module}.__file__)")
        assert imported.returncode == 0, f"{patch.name} is no mistake but no Python: {imported.stderr}"
        assert imported.stdout.strip() == str(self.folder / file)

    def verify(self) -> str:
        """Run `kmemlab verify`; the first recording that is not reproduced, "" if all are."""
        paths = [f"kmemlab/data/recordings/{name}" for name in RECORDINGS]
        ran = self.python("-m", "kmemlab", "verify", *paths)
        good = 0
        for line in ran.stdout.splitlines():
            if not line.startswith("ok "):
                break
            good += 1
        assert (ran.returncode == 0) == (good == len(RECORDINGS)), ran.stdout + ran.stderr
        return RECORDINGS[good] if ran.returncode else ""

    def test(self, *tests: str) -> subprocess.CompletedProcess[str]:
        """Run some tests up to the first that fails."""
        return self.python("-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests)


def hunks_of(patch: Path) -> list[tuple[str, list[tuple[str, str]]]]:
    """Read a unified diff: for each file what each hunk takes out and puts in, with the context."""
    files: list[tuple[str, list[tuple[str, str]]]] = []
    old: list[str] = []
    new: list[str] = []

    def close() -> None:
        if old or new:
            files[-1][1].append(("".join(old), "".join(new)))
            old.clear()
            new.clear()

    for line in patch.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("--- "):
            close()
        elif line.startswith("+++ b/"):
            files.append((line.removeprefix("+++ b/").strip(), []))
        elif line.startswith("@@ "):
            close()
        else:
            if line[0] in " -":
                old.append(line[1:])
            if line[0] in " +":
                new.append(line[1:])
    close()
    return files


@pytest.mark.parametrize("name", MARKED)
def test_a_mutant_is_killed_by_what_is_named(name: str, tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    copy.apply(PATCHES[name])
    killer = KILLERS[name]
    killed = copy.verify()
    if killed or killer in RECORDINGS:
        assert killed == killer
        return
    ran = copy.test(killer)
    assert ran.returncode == 1, f"{name} survived, or the test did not run: exit {ran.returncode}\n{ran.stdout}{ran.stderr}"
    assert f"FAILED {killer}" in ran.stdout


@pytest.mark.long
def test_without_a_patch_nothing_is_noticed(tmp_path: Path) -> None:
    copy = Copy(tmp_path)
    assert copy.verify() == ""
    ran = copy.test(*sorted({killer for killer in KILLERS.values() if killer not in RECORDINGS}))
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_the_readme_lists_each_patch_and_what_kills_it() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([0-9]{2,3}-[a-z0-9-]+) \| ([^|]+) \| ([^|]+) \|$", text, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(PATCHES)
    assert {name: killer.strip("`") for name, _, killer in rows} == {
        name: killer.removeprefix("tests/") if killer not in RECORDINGS else f"verify: {killer}"
        for name, killer in KILLERS.items()
    }


def test_every_patch_is_one_small_change_of_one_module_and_there_are_no_two_alike() -> None:
    changes = {name: hunks_of(path) for name, path in PATCHES.items()}
    assert list(KILLERS) == list(changes)
    for name, files in changes.items():
        assert len(files) == 1, name
        assert 1 <= len(files[0][1]) <= 2, name
    assert len({repr(files) for files in changes.values()}) == len(changes)
    assert set(KILLERS) >= QUICK
