// SPDX-License-Identifier: GPL-2.0
// packet.c: frames in whatever pieces they come.
#include "packet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LIMIT	64

static struct packet_reader reader;

static int set_up(void **state)
{
	(void)state;
	packet_reader_init(&reader, LIMIT);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	packet_reader_fini(&reader);
	return 0;
}

/* The first event of @text, and what follows it. */
static enum packet_event event_of(const char *text, const char **rest)
{
	enum packet_event event;
	size_t taken = packet_read(&reader, (const uint8_t *)text, strlen(text), &event);

	assert_true(taken <= strlen(text));
	if (rest)
		*rest = text + taken;
	return event;
}

static void has_data(const char *wanted)
{
	assert_int_equal(reader.data.used, strlen(wanted));
	assert_memory_equal(reader.data.data, wanted, strlen(wanted));
}

static void a_packet_is_taken_whole_or_by_bytes(void **state)
{
	static const char text[] = "$g#67";

	(void)state;
	assert_int_equal(event_of(text, NULL), PACKET_READY);
	has_data("g");
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		char byte[] = { text[i], 0 };

		assert_int_equal(event_of(byte, NULL),
				 i == sizeof(text) - 2 ? PACKET_READY : PACKET_NONE);
	}
	has_data("g");
}

static void events_come_one_by_one(void **state)
{
	const char *rest = "+-\x03$g#67+";

	(void)state;
	assert_int_equal(event_of(rest, &rest), PACKET_ACK);
	assert_int_equal(event_of(rest, &rest), PACKET_NACK);
	assert_int_equal(event_of(rest, &rest), PACKET_INTERRUPT);
	assert_int_equal(event_of(rest, &rest), PACKET_READY);
	assert_string_equal(rest, "+");
}

static void a_wrong_checksum_is_told(void **state)
{
	(void)state;
	assert_int_equal(event_of("$g#68", NULL), PACKET_BAD);
	assert_int_equal(event_of("$g#6z", NULL), PACKET_BAD);
	assert_int_equal(event_of("$g#67", NULL), PACKET_READY);
	reader.no_checksum = true;
	assert_int_equal(event_of("$g#00", NULL), PACKET_READY);
}

static void a_packet_without_end_gives_way_to_the_next(void **state)
{
	(void)state;
	assert_int_equal(event_of("$abc$g#67", NULL), PACKET_READY);
	has_data("g");
}

static void what_is_too_long_is_dropped(void **state)
{
	char text[LIMIT * 3];

	(void)state;
	reader.no_checksum = true;
	memset(text, 'a', sizeof(text));
	text[0] = '$';
	memcpy(text + sizeof(text) - 4, "#00", 4);
	assert_int_equal(event_of(text, NULL), PACKET_TOO_LONG);
	assert_true(reader.data.used <= LIMIT);
	assert_int_equal(event_of("$g#67", NULL), PACKET_READY);
	has_data("g");
}

static void what_is_written_can_be_read(void **state)
{
	struct buffer out;

	(void)state;
	buffer_init(&out, LIMIT);
	packet_write(&out, '$', "OK", 2);
	assert_int_equal(out.used, 6);
	assert_memory_equal(out.data, "$OK#9a", 6);
	buffer_fini(&out);
}

static void binary_data_survives_its_escapes(void **state)
{
	struct buffer out;
	uint8_t all[256];
	long size;

	(void)state;
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	buffer_init(&out, 1024);
	buffer_binary(&out, all, sizeof(all));
	assert_false(out.failed);
	assert_int_equal(out.used, 256 + 4);
	assert_null(memchr(out.data, '#', out.used));
	assert_null(memchr(out.data, '$', out.used));
	size = packet_unescape(out.data, out.used);
	assert_int_equal(size, 256);
	assert_memory_equal(out.data, all, 256);
	assert_true(packet_unescape((uint8_t[]){ 'a', '}' }, 2) < 0);
	buffer_fini(&out);
}

static void what_is_escaped_and_framed_in_place_is_the_same(void **state)
{
	static const char specials[] = "#$}*";
	struct packet_reader whole;
	enum packet_event event;
	struct buffer buffer, out;
	uint8_t data[150];

	(void)state;
	packet_reader_init(&whole, 512);
	buffer_init(&buffer, 512);
	buffer_init(&out, 512);
	for (size_t i = 0; i < sizeof(data); i++) {
		for (const char *special = specials; *special; special++) {
			memset(data, 0xff, sizeof(data));
			data[i] = (uint8_t)*special;
			buffer_clear(&buffer);
			buffer_char(&buffer, 'b');
			memcpy(buffer_extend(&buffer, sizeof(data)), data, sizeof(data));
			buffer_escape(&buffer, 1);
			assert_int_equal(buffer.used, sizeof(data) + 2);
			assert_int_equal(buffer.data[1 + i], '}');
			assert_int_equal(buffer.data[2 + i], *special ^ 0x20);
			buffer_clear(&out);
			packet_write(&out, '$', buffer.data, buffer.used);
			packet_frame(&buffer, '$');
			buffer_swap(&buffer, &out);
			assert_int_equal(out.used, buffer.used);
			assert_memory_equal(out.data, buffer.data, out.used);
			packet_read(&whole, out.data, out.used, &event);
			assert_int_equal(event, PACKET_READY);
			assert_int_equal(packet_unescape(whole.data.data, whole.data.used), sizeof(data) + 1);
			assert_memory_equal(whole.data.data + 1, data, sizeof(data));
		}
	}
	buffer_fini(&buffer);
	buffer_fini(&out);
	packet_reader_fini(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_packet_is_taken_whole_or_by_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(events_come_one_by_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_checksum_is_told, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_packet_without_end_gives_way_to_the_next, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_dropped, set_up, tear_down),
		cmocka_unit_test(what_is_written_can_be_read),
		cmocka_unit_test(binary_data_survives_its_escapes),
		cmocka_unit_test(what_is_escaped_and_framed_in_place_is_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
