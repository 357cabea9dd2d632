/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright(c) 2026 The DPDK DMA access authors
 */

/*
 * Keys and MACs of the broker. What is derived from what is written in dma_broker_wire.h.
 */

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <rte_common.h>

#include "dma_broker.h"

/* libcrypto tears itself down when the process exits, while our threads still run. From then on,
 * nobody may use it.
 */
static pthread_mutex_t crypto_lock = PTHREAD_MUTEX_INITIALIZER;
static bool crypto_over; /* guarded by crypto_lock */

static void
crypto_end(void)
{
	pthread_mutex_lock(&crypto_lock);
	crypto_over = true;
	pthread_mutex_unlock(&crypto_lock);
}

int
dma_broker_auth_start(void)
{
	const uint8_t key[DMA_WIRE_MAC_LEN] = { 0 };
	uint8_t mac[DMA_WIRE_MAC_LEN];
	int ret;

	/* Handlers run last one first. The first use has libcrypto register its own, so ours comes
	 * before it.
	 */
	ret = dma_broker_mac(key, "", 0, mac);
	if (ret == 0 && atexit(crypto_end) != 0)
		ret = -ENOMEM;
	return ret;
}

bool
dma_broker_auth_over(void)
{
	bool over;

	pthread_mutex_lock(&crypto_lock);
	over = crypto_over;
	pthread_mutex_unlock(&crypto_lock);
	return over;
}

int
dma_broker_random(void *buf, size_t len)
{
	ssize_t n;

	do {
		n = getrandom(buf, len, 0);
	} while (n < 0 && errno == EINTR);
	/* the kernel never cuts requests of up to 256 bytes short */
	return n == (ssize_t)len ? 0 : -EIO;
}

int
dma_broker_mac(const uint8_t key[DMA_WIRE_MAC_LEN], const void *data, size_t len,
		uint8_t mac[DMA_WIRE_MAC_LEN])
{
	unsigned int mac_len;
	int ret = 0;

	pthread_mutex_lock(&crypto_lock);
	if (crypto_over) {
		ret = -ENOTCONN;
	} else if (HMAC(EVP_sha256(), key, DMA_WIRE_MAC_LEN, data, len, mac, &mac_len) == NULL ||
			mac_len != DMA_WIRE_MAC_LEN) {
		BROKER_LOG(ERR, "libcrypto gives no HMAC-SHA256");
		ret = -EIO;
	}
	pthread_mutex_unlock(&crypto_lock);
	return ret;
}

int
dma_broker_group_key(const rte_uuid_t token, uint8_t key[DMA_WIRE_MAC_LEN])
{
	uint8_t padded[DMA_WIRE_MAC_LEN] = { 0 };
	int ret;

	/* HMAC pads its key with zeros, so this is the HMAC with the token as the key */
	memcpy(padded, token, sizeof(rte_uuid_t));
	ret = dma_broker_mac(padded, DMA_WIRE_LABEL_GROUP, strlen(DMA_WIRE_LABEL_GROUP), key);
	OPENSSL_cleanse(padded, sizeof(padded));
	return ret;
}

int
dma_broker_group_tag(const uint8_t key[DMA_WIRE_MAC_LEN], const rte_uuid_t instance,
		uint8_t tag[RTE_DMA_BROKER_TAG_LEN])
{
	uint8_t data[sizeof(DMA_WIRE_LABEL_TAG) - 1 + sizeof(rte_uuid_t)];

	RTE_BUILD_BUG_ON(RTE_DMA_BROKER_TAG_LEN != DMA_WIRE_MAC_LEN);
	memcpy(data, DMA_WIRE_LABEL_TAG, sizeof(DMA_WIRE_LABEL_TAG) - 1);
	memcpy(data + sizeof(DMA_WIRE_LABEL_TAG) - 1, instance, sizeof(rte_uuid_t));
	return dma_broker_mac(key, data, sizeof(data), tag);
}

int
dma_broker_conn_key(struct dma_conn *conn, const uint8_t group_key[DMA_WIRE_MAC_LEN],
		const struct dma_wire_hello *hello, const struct dma_wire_challenge *challenge)
{
	struct dma_wire_transcript script = {
		.version = DMA_WIRE_VERSION,
		.joiner_role = hello->role,
		.host_role = challenge->role,
		.group_id = hello->group_id,
	};
	uint8_t data[sizeof(DMA_WIRE_LABEL_MASTER) - 1 + sizeof(script)];
	uint8_t master[DMA_WIRE_MAC_LEN];
	int ret;

	/* no padding may get into the hash */
	RTE_BUILD_BUG_ON(sizeof(script) != 8 + 5 * sizeof(rte_uuid_t) + 2 * DMA_WIRE_NONCE_LEN);
	rte_uuid_copy(script.instance, challenge->instance);
	rte_uuid_copy(script.joiner_controller, hello->controller);
	rte_uuid_copy(script.host_controller, challenge->controller);
	rte_uuid_copy(script.joiner_domain, hello->domain);
	rte_uuid_copy(script.host_domain, challenge->domain);
	memcpy(script.joiner_nonce, hello->nonce, sizeof(script.joiner_nonce));
	memcpy(script.host_nonce, challenge->nonce, sizeof(script.host_nonce));
	memcpy(data, DMA_WIRE_LABEL_MASTER, sizeof(DMA_WIRE_LABEL_MASTER) - 1);
	memcpy(data + sizeof(DMA_WIRE_LABEL_MASTER) - 1, &script, sizeof(script));

	ret = dma_broker_mac(group_key, data, sizeof(data), master);
	if (ret == 0)
		ret = dma_broker_mac(master, DMA_WIRE_LABEL_JOINER, strlen(DMA_WIRE_LABEL_JOINER),
				conn->hosting ? conn->rx_key : conn->tx_key);
	if (ret == 0)
		ret = dma_broker_mac(master, DMA_WIRE_LABEL_HOST, strlen(DMA_WIRE_LABEL_HOST),
				conn->hosting ? conn->tx_key : conn->rx_key);
	OPENSSL_cleanse(master, sizeof(master));
	conn->keyed = ret == 0;
	return ret;
}

bool
dma_broker_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	return CRYPTO_memcmp(a, b, len) == 0;
}

void
dma_broker_cleanse(void *buf, size_t len)
{
	OPENSSL_cleanse(buf, len);
}
