//! What every backend must do, case by case. Each case runs against the simulated world and against a real Docker engine.
//!
//! A new backend passes this suite by adding a function to `bed` and a module to the macro below. Docker cases are skipped only
//! where no engine answers and `POLYTOPE_TEST_DOCKER` is not `require`.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "all of it is tests")]

mod bed;
mod engine;
mod files;
mod image;
mod lifecycle;
mod network;
mod output;
mod refusals;
mod requests;

/// Names each case and makes of it one test per backend: `docker::output::stderr_is_told_apart`.
macro_rules! conformance {
    ($($topic:ident: $($case:ident),+ $(,)?;)+) => {
        mod sim { $(mod $topic { $(
            #[tokio::test]
            async fn $case() { crate::bed::on_sim(stringify!($case), |bed| Box::pin(crate::$topic::$case(bed))).await; }
        )+ })+ }
        mod docker { $(mod $topic { $(
            #[tokio::test]
            async fn $case() { crate::bed::on_docker(stringify!($case), |bed| Box::pin(crate::$topic::$case(bed))).await; }
        )+ })+ }
    };
}

conformance! {
    output:
        arrives_complete_and_in_order,
        last_line_needs_no_end,
        stderr_is_told_apart,
        of_five_megabytes_is_complete,
        slow_reader_loses_nothing,
        nobody_reading_does_not_hold_the_container,
        is_followed_from_the_first_byte_by_who_comes_later;
    requests:
        exit_codes_are_reported,
        cmd_replaces_that_of_the_image,
        entrypoint_goes_before_cmd,
        empty_entrypoint_removes_that_of_the_image,
        env_is_set,
        workdir_is_entered,
        user_is_taken,
        images_are_built,
        terminal_writes_everything_to_one_stream;
    files:
        appear_with_content_and_mode,
        of_the_host_are_mounted,
        of_the_host_may_be_read_only,
        in_a_volume_outlive_the_container,
        of_a_volume_go_with_it,
        are_read_back_as_an_archive,
        are_read_written_and_listed,
        of_the_host_fill_a_volume,
        survive_a_restart_of_the_container;
    network:
        finds_containers_by_alias,
        keeps_strangers_out,
        is_created_once,
        port_that_is_taken_is_told,
        port_of_a_stopped_container_is_free_again;
    lifecycle:
        stop_ends_a_willing_container,
        stop_kills_after_the_grace,
        stop_of_what_does_not_run_is_fine,
        exited_container_starts_again,
        running_container_is_removed,
        missing_things_are_removed_without_complaint,
        find_shows_only_what_carries_the_labels,
        exec_runs_beside_the_command,
        exec_takes_input_and_signals,
        exec_ends_with_its_container,
        twenty_containers_at_once;
    refusals:
        missing_image_is_told,
        present_image_is_not_pulled,
        unknown_command_is_told,
        unknown_user_is_told,
        missing_host_path_is_told,
        missing_container_is_told,
        name_that_is_taken_is_told,
        failed_create_leaves_nothing;
}

/// What only a real engine can show.
mod docker_only {
    macro_rules! on_docker {
        ($($case:ident),+ $(,)?) => { $(
            #[tokio::test]
            async fn $case() {
                crate::bed::on_docker(stringify!($case), |bed| Box::pin(crate::engine::$case(bed))).await;
            }
        )+ };
    }

    on_docker! {
        published_port_answers_on_localhost_alone,
        memory_limit_is_enforced_and_told,
        volumes_of_the_image_go_with_the_container,
        container_has_an_init,
        address_can_be_reached,
        door_leads_into_a_running_container,
        unconfined_container_has_no_seccomp,
        what_breaks_off_has_no_exit_and_can_be_followed,
        exec_of_unknown_users_and_directories_is_told,
    }
}
