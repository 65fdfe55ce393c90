/** A little code in languages of which no files are at hand, each with something that is longer than a small chunk. */

export const codeSamples: Readonly<Record<string, string>> = {
  c: `#include <stdio.h>
#define SQUARE(x) ((x) * (x))

/* A comment that is quite a bit longer than the others, so that it alone is more than one small chunk may hold, and has to be
   cut somewhere in the middle although there is nothing in it that could be cut along its structure. */
struct point { int x, y; };

static int add(struct point a, struct point b) {
  int sum = 0;
  for (int i = 0; i < 10; i++) { sum += SQUARE(a.x) + b.y; }
  if (sum > 100) return sum; else return -sum;
}

int main(int argc, char **argv) {
  printf("%d\\n", add((struct point){1, 2}, (struct point){3, 4}));
  return 0;
}
`,
  cpp: `#include <vector>
namespace shop {
template <typename T> class Shelf {
 public:
  explicit Shelf(std::vector<T> items) : items_(std::move(items)) {}
  T& at(std::size_t index) { return items_.at(index); }
  auto count() const noexcept -> std::size_t { return items_.size(); }
 private:
  std::vector<T> items_;
};
}  // namespace shop
int main() { shop::Shelf<int> shelf({1, 2, 3}); return [&](int x) { return x + shelf.at(0); }(2) > 0 ? 0 : 1; }
`,
  csharp: `using System;
namespace Shop {
  /// <summary>What is on a shelf.</summary>
  public record Item(string Name, decimal Price);
  public class Shelf {
    private readonly List<Item> items = new();
    public decimal Total => items.Sum(item => item.Price);
    public void Add(Item item) { if (item is null) throw new ArgumentNullException(nameof(item)); items.Add(item); }
    public static void Main() { var shelf = new Shelf(); shelf.Add(new Item("book", 9.5m)); Console.WriteLine($"{shelf.Total}"); }
  }
}
`,
  go: `package shop

import "fmt"

// Item is what is sold.
type Item struct {
	Name  string
	Price float64
}

func (i Item) String() string { return fmt.Sprintf("%s: %.2f", i.Name, i.Price) }

func Total(items []Item) (sum float64, err error) {
	for _, item := range items {
		if item.Price < 0 {
			return 0, fmt.Errorf("negative price of %q: %v, which cannot be, because nothing is sold for less than nothing", item.Name, item.Price)
		}
		sum += item.Price
	}
	return sum, nil
}
`,
  java: `package shop;

import java.util.List;

/** What is on a shelf. */
public class Shelf<T extends Comparable<T>> {
  private final List<T> items;

  public Shelf(List<T> items) { this.items = List.copyOf(items); }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("Ünïcödé 😀: ");
    for (T item : items) { text.append(item).append(", "); }
    return text.toString();
  }

  public static void main(String[] arguments) throws Exception { System.out.println(new Shelf<>(List.of(1, 2, 3))); }
}
`,
  php: `<html><body><?php
namespace Shop;
interface Priced { public function price(): float; }
final class Item implements Priced {
  public function __construct(private string $name, private float $price) {}
  public function price(): float { return $this->price; }
}
function total(array $items): float { return array_sum(array_map(fn (Priced $item) => $item->price(), $items)); }
echo "Total: " . total([new Item('book', 9.5), new Item('pen', 1.25)]) . "\\n";
?></body></html>
`,
  powershell: `param([string]$Name = "world", [int]$Count = 3)
function Get-Greeting {
  param($Who)
  if (-not $Who) { throw "Nobody to greet" }
  return "Hello, $Who"
}
foreach ($i in 1..$Count) { Write-Output (Get-Greeting -Who $Name) | Where-Object { $_ -like "Hello*" } }
`,
  ruby: `require 'json'
module Shop
  # What is sold.
  class Item
    attr_reader :name, :price
    def initialize(name, price) = (@name, @price = name, price)
    def to_s
      "#{name}: #{'%.2f' % price}"
    end
  end
  def self.total(items) = items.sum(&:price)
end
puts Shop.total([Shop::Item.new('book', 9.5), Shop::Item.new('pen', 1.25)])
puts <<~TEXT
  A text that goes on for a while, on more than one line,
  and ends here.
TEXT
`,
  rust: `use std::fmt;

/// What is sold.
#[derive(Debug, Clone)]
pub struct Item<'a> { name: &'a str, price: f64 }

impl<'a> fmt::Display for Item<'a> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}: {:.2}", self.name, self.price) }
}

pub fn total(items: &[Item]) -> Result<f64, String> {
    items.iter().map(|item| if item.price < 0.0 { Err(format!("{} has a negative price", item.name)) } else { Ok(item.price) }).sum()
}

fn main() { println!("{:?}", total(&[Item { name: "book", price: 9.5 }])); }
`,
}
