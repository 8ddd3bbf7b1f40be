/* The cache of keys, before a source that does what the test says. */
#include "aws/world.h"

/* ---- the source ------------------------------------------------------------------------------ */

struct fake {
    struct source source;
    int fetches;
    int cancels;
    int *frees;
};

static void note_fetch(struct source *source)
{
    container_of(source, struct fake, source)->fetches++;
}

static void note_cancel(struct source *source)
{
    container_of(source, struct fake, source)->cancels++;
}

static void note_free(struct source *source)
{
    struct fake *fake = container_of(source, struct fake, source);

    if (fake->frees)
        ++*fake->frees;
    free(fake);
}

static const struct source_kind ordinary = {note_fetch, note_cancel, note_free, false};
static const struct source_kind lasting = {note_fetch, note_cancel, note_free, true};

static struct fake *fake_source(const struct source_kind *kind)
{
    struct fake *fake = memory_allocate(sizeof(*fake));

    fake->source.kind = kind;
    fake->source.name = text_copy("fake");
    return fake;
}

static void give(struct fake *fake, const char *access_key_id, int64_t expiry_ms)
{
    struct credentials_set set;
    struct error error;

    assert_int_equal(credentials_set_fill(&set, access_key_id, "secret", NULL, &error), 0);
    set.expiry_ms = expiry_ms;
    source_succeeded(&fake->source, &set);
}

static void refuse(struct fake *fake)
{
    struct error error = {0};

    error_set(&error, ERROR_TRANSIENT, "not now");
    source_failed(&fake->source, &error);
}

/* Turns of the loop until nothing is left to do but to wait. */
static void stop_loop(void *context)
{
    (void)context;
    loop_stop(world.loop);
}

static void let_it_settle(void)
{
    struct poke after;

    poke_init(&after, world.loop, stop_loop, NULL);
    for (int turns = 0; turns < 4; turns++) {
        poke(&after);
        loop_run(world.loop);
    }
}

static struct fake *fake;
static struct credentials *credentials;

static void given_source(const struct source_kind *kind)
{
    given(NULL, 0);
    fake = fake_source(kind);
    credentials = credentials_new(world.loop, &fake->source);
}

/* Keys of an hour's life are in the cache. */
static void given_keys(const struct source_kind *kind)
{
    struct asked first = {0};

    given_source(kind);
    ask(credentials, &first);
    let_it_settle();
    give(fake, "FIRST", world.wall_ms + 60 * MINUTES);
    run();
    assert_string_equal(first.access_key_id, "FIRST");
}

static void end_of_source(void)
{
    credentials_free(credentials);
    end();
}

/* ---- tests ----------------------------------------------------------------------------------- */

static void one_fetch_serves_all_who_wait(void **state)
{
    struct asked asked[5] = {0};

    (void)state;
    given_source(&ordinary);
    for (size_t i = 0; i < 4; i++)
        ask(credentials, &asked[i]);
    let_it_settle();
    ask(credentials, &asked[4]); /* while the fetch is under way */
    let_it_settle();
    assert_int_equal(fake->fetches, 1);
    give(fake, "KEY", world.wall_ms + 60 * MINUTES);
    run();
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(asked[i].access_key_id, "KEY");
    assert_int_equal(fake->fetches, 1);
    end_of_source();
}

static void fresh_keys_come_from_the_cache(void **state)
{
    (void)state;
    given_keys(&ordinary);
    pass_time(44 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "FIRST");
    assert_int_equal(fake->fetches, 1);
    end_of_source();
}

static void keys_without_expiry_are_never_fetched_again(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_source(&ordinary);
    ask(credentials, &asked);
    let_it_settle();
    give(fake, "KEY", 0);
    run();
    pass_time(INT64_C(1000) * 24 * 60 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "KEY");
    assert_int_equal(fake->fetches, 1);
    assert_int_equal(credentials_expiry_ms(credentials), 0);
    end_of_source();
}

static void from_15_minutes_before_expiry_keys_are_refreshed_while_the_old_ones_serve(void **state)
{
    (void)state;
    given_keys(&ordinary);
    pass_time(46 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "FIRST");
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    give(fake, "SECOND", world.wall_ms + 60 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "SECOND");
    assert_int_equal(fake->fetches, 2);
    end_of_source();
}

static void from_10_minutes_before_expiry_new_keys_are_waited_for(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_keys(&ordinary);
    pass_time(51 * MINUTES);
    ask(credentials, &asked);
    let_it_settle();
    assert_int_equal(asked.times, 0);
    give(fake, "SECOND", world.wall_ms + 60 * MINUTES);
    run();
    assert_string_equal(asked.access_key_id, "SECOND");
    end_of_source();
}

static void keys_that_are_still_good_serve_where_a_refresh_fails(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_keys(&ordinary);
    pass_time(51 * MINUTES);
    ask(credentials, &asked);
    let_it_settle();
    refuse(fake);
    run();
    assert_string_equal(asked.access_key_id, "FIRST");
    /* And for a minute nobody waits for another try. */
    assert_string_equal(keys_of(credentials).access_key_id, "FIRST");
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    pass_time(61000);
    ask(credentials, &asked);
    let_it_settle();
    assert_int_equal(fake->fetches, 3);
    give(fake, "SECOND", world.wall_ms + 60 * MINUTES);
    run();
    assert_string_equal(asked.access_key_id, "SECOND");
    end_of_source();
}

static void short_lives_are_refreshed_in_their_last_quarter(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_source(&ordinary);
    ask(credentials, &asked);
    let_it_settle();
    give(fake, "SHORT", world.wall_ms + 4 * MINUTES);
    run();
    pass_time(2 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "SHORT");
    let_it_settle();
    assert_int_equal(fake->fetches, 1);
    pass_time(MINUTES + 1);
    assert_string_equal(keys_of(credentials).access_key_id, "SHORT");
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    end_of_source();
}

static void expired_keys_are_an_error_where_no_new_ones_come(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_keys(&ordinary);
    pass_time(61 * MINUTES);
    ask(credentials, &asked);
    let_it_settle();
    refuse(fake);
    run();
    assert_int_equal(asked.error.class, ERROR_TRANSIENT);
    assert_string_equal(asked.error.sentence, "not now");
    /* The next one who asks means a new attempt, and nobody else makes one. */
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    ask(credentials, &asked);
    let_it_settle();
    assert_int_equal(fake->fetches, 3);
    give(fake, "SECOND", 0);
    run();
    assert_string_equal(asked.access_key_id, "SECOND");
    end_of_source();
}

static void an_instance_s_expired_keys_are_kept_and_tried_again_after_minutes(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_keys(&lasting);
    pass_time(61 * MINUTES);
    ask(credentials, &asked);
    let_it_settle();
    refuse(fake);
    run();
    assert_string_equal(asked.access_key_id, "FIRST");
    pass_time(4 * MINUTES);
    assert_string_equal(keys_of(credentials).access_key_id, "FIRST");
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    pass_time(2 * MINUTES);
    ask(credentials, &asked);
    let_it_settle();
    assert_int_equal(fake->fetches, 3);
    give(fake, "SECOND", world.wall_ms + 60 * MINUTES);
    run();
    assert_string_equal(asked.access_key_id, "SECOND");
    end_of_source();
}

static void an_instance_that_hands_out_expired_keys_is_believed(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_source(&lasting);
    ask(credentials, &asked);
    let_it_settle();
    give(fake, "STALE", world.wall_ms - MINUTES);
    run();
    assert_string_equal(asked.access_key_id, "STALE");
    assert_string_equal(keys_of(credentials).access_key_id, "STALE");
    assert_int_equal(fake->fetches, 1);
    end_of_source();
}

static void any_other_source_that_gives_expired_keys_is_an_error_and_no_loop(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_source(&ordinary);
    ask(credentials, &asked);
    let_it_settle();
    give(fake, "STALE", world.wall_ms - MINUTES);
    run();
    assert_int_equal(asked.error.class, ERROR_EXPIRED);
    let_it_settle();
    assert_int_equal(fake->fetches, 1);
    end_of_source();
}

static void keys_that_were_refused_are_not_handed_out_again(void **state)
{
    struct asked asked = {0};

    (void)state;
    given_keys(&lasting);
    credentials_invalidate(credentials, "OTHER");
    assert_string_equal(keys_of(credentials).access_key_id, "FIRST");
    credentials_invalidate(credentials, "FIRST");
    ask(credentials, &asked);
    let_it_settle();
    assert_int_equal(fake->fetches, 2);
    give(fake, "SECOND", world.wall_ms + 60 * MINUTES);
    run();
    assert_string_equal(asked.access_key_id, "SECOND");
    /* Too late: the cache has newer ones by now. */
    credentials_invalidate(credentials, "FIRST");
    assert_string_equal(keys_of(credentials).access_key_id, "SECOND");
    end_of_source();
}

static void who_gave_up_waiting_is_not_called(void **state)
{
    struct asked leaves = {0};
    struct asked stays = {0};

    (void)state;
    given_source(&ordinary);
    ask(credentials, &leaves);
    ask(credentials, &stays);
    let_it_settle();
    credentials_cancel(leaves.wait);
    world.waiting--;
    give(fake, "KEY", 0);
    run();
    assert_int_equal(leaves.times, 0);
    assert_int_equal(stays.times, 1);
    end_of_source();
}

static void the_last_owner_ends_the_fetch_and_nobody_is_called(void **state)
{
    struct asked asked = {0};
    int frees = 0;

    (void)state;
    given_source(&ordinary);
    fake->frees = &frees;
    ask(credentials, &asked);
    let_it_settle();
    assert_ptr_equal(credentials_retain(credentials), credentials);
    credentials_free(credentials);
    assert_int_equal(frees, 0);
    assert_int_equal(fake->cancels, 0);
    credentials_free(credentials);
    assert_int_equal(frees, 1);
    let_it_settle();
    assert_int_equal(asked.times, 0);
    end();
}

static void free_them(struct asked *asked)
{
    (void)asked;
    credentials_free(credentials);
}

static void keys_may_be_freed_by_who_is_told_of_them(void **state)
{
    struct asked first = {.then = free_them};
    struct asked second = {0};

    (void)state;
    for (int failing = 0; failing < 2; failing++) {
        given_source(&ordinary);
        ask(credentials, &first);
        ask(credentials, &second);
        let_it_settle();
        if (failing)
            refuse(fake);
        else
            give(fake, "KEY", 0);
        let_it_settle();
        assert_int_equal(first.times, 1);
        assert_int_equal(second.times, 0);
        end();
    }
}

static void keys_that_could_not_stand_in_a_header_are_refused(void **state)
{
    struct credentials_set set;
    struct error error;

    (void)state;
    assert_int_equal(credentials_set_fill(&set, "KEY", "sec\nret", NULL, &error), -1);
    assert_int_equal(credentials_set_fill(&set, "KEY", "", NULL, &error), -1);
    assert_int_equal(credentials_set_fill(&set, NULL, "secret", NULL, &error), -1);
    assert_int_equal(credentials_set_fill(&set, "KEY", "secret", "to ken", &error), -1);
    assert_int_equal(error.class, ERROR_INVALID);
    assert_null(set.access_key_id);
    assert_int_equal(credentials_set_fill(&set, "KEY", "secret", "", &error), 0);
    assert_null(set.session_token);
    credentials_set_wipe(&set);
    assert_null(set.secret_access_key);
}

static void a_document_of_keys_is_read_and_its_faults_are_not_quoted(void **state)
{
    static const char *const faults[] = {
        "",
        "[]",
        "{\"AccessKeyId\":\"K\"}",
        "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":7}",
        "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"hush\",\"Expiration\":\"soon\"}",
        "{\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"hush\""};
    static const char good[] = "{\"Version\":1,\"AccessKeyId\":\"K\",\"SecretAccessKey\":\"hush\","
                               "\"Token\":\"t\",\"Expiration\":\"2026-11-20T10:30:00Z\"}";
    struct credentials_set set;
    struct error error;

    (void)state;
    for (size_t i = 0; i < array_length(faults); i++) {
        assert_int_equal(credentials_set_read(&set, faults[i], strlen(faults[i]), "Token", &error),
                         -1);
        assert_null(strstr(error.sentence, "hush"));
    }
    assert_int_equal(credentials_set_read(&set, good, strlen(good), "Token", &error), 0);
    assert_string_equal(set.access_key_id, "K");
    assert_string_equal(set.session_token, "t");
    assert_int_equal(set.expiry_ms, WORLD_NOW_MS + 60 * MINUTES);
    credentials_set_wipe(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_fetch_serves_all_who_wait),
        cmocka_unit_test(fresh_keys_come_from_the_cache),
        cmocka_unit_test(keys_without_expiry_are_never_fetched_again),
        cmocka_unit_test(from_15_minutes_before_expiry_keys_are_refreshed_while_the_old_ones_serve),
        cmocka_unit_test(from_10_minutes_before_expiry_new_keys_are_waited_for),
        cmocka_unit_test(keys_that_are_still_good_serve_where_a_refresh_fails),
        cmocka_unit_test(short_lives_are_refreshed_in_their_last_quarter),
        cmocka_unit_test(expired_keys_are_an_error_where_no_new_ones_come),
        cmocka_unit_test(an_instance_s_expired_keys_are_kept_and_tried_again_after_minutes),
        cmocka_unit_test(an_instance_that_hands_out_expired_keys_is_believed),
        cmocka_unit_test(any_other_source_that_gives_expired_keys_is_an_error_and_no_loop),
        cmocka_unit_test(keys_that_were_refused_are_not_handed_out_again),
        cmocka_unit_test(who_gave_up_waiting_is_not_called),
        cmocka_unit_test(the_last_owner_ends_the_fetch_and_nobody_is_called),
        cmocka_unit_test(keys_may_be_freed_by_who_is_told_of_them),
        cmocka_unit_test(keys_that_could_not_stand_in_a_header_are_refused),
        cmocka_unit_test(a_document_of_keys_is_read_and_its_faults_are_not_quoted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
