/** First in, first out, without moving what stays. */
export class Fifo<T> {
  #items: (T | undefined)[] = []
  #head = 0

  get length(): number {
    return this.#items.length - this.#head
  }
  get first(): T | undefined {
    return this.#items[this.#head]
  }

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#items[this.#head++] = undefined
    if (this.#head > 64 && this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  /** Takes out, in order, the items that `wanted` says yes to; stops when it answers undefined. */
  take(wanted: (item: T) => boolean | undefined): T[] {
    const taken: T[] = []
    const left: T[] = []
    const all = [...this]
    for (const [i, item] of all.entries()) {
      const answer = wanted(item)
      if (answer === undefined) {
        left.push(...all.slice(i))
        break
      }
      ;(answer ? taken : left).push(item)
    }
    this.#items = left
    this.#head = 0
    return taken
  }

  *[Symbol.iterator](): Generator<T> {
    for (let i = this.#head; i < this.#items.length; i++) yield this.#items[i] as T
  }
}
